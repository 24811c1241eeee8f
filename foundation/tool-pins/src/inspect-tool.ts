import { hiddenText } from './hidden-text.ts';
import type { HiddenKind } from './hidden-text.ts';
import { mixedScripts } from './look-alikes.ts';
import type { Definition } from './offer.ts';
import { signalsIn } from './signals.ts';
import type { SignalKind } from './signals.ts';
import { isJsonObject, isList } from './tool-definition.ts';
import type { Json } from './tool-definition.ts';

/** Something about one definition that a person should know before they approve it. */
export type ToolFinding = {
  readonly kind: 'hidden_text' | 'instruction_like' | 'mixed_scripts' | 'unusual_name';
  /** Where: `description`, `inputSchema/properties/to/description`; names of objects as they are. */
  readonly path: string;
  readonly what: HiddenKind | SignalKind | 'scripts' | 'name';
  /** UTF-16 units in the text at `path`. */
  readonly start: number;
  readonly length: number;
  /** In signs that are seen. */
  readonly shown: string;
};

const maxFindings = 100;
const longestShown = 200;
/** As the specification of MCP (2025-11-25, Tool Names) would have them. */
const usualName = /^[A-Za-z0-9_\-./]{1,128}$/;

/** Everything a definition says, its schemas too, looked through for what hides or speaks to the model. At most 100 findings. */
export function inspectTool(tool: Definition): ToolFinding[] {
  const findings: ToolFinding[] = [];
  if (tool.kind === undefined && !usualName.test(tool.name))
    findings.push({
      kind: 'unusual_name',
      path: 'name',
      what: 'name',
      start: 0,
      length: tool.name.length,
      shown: 'signs that names of tools do not have',
    });
  const { name, kind: _kind, ...rest } = tool;
  lookAt(name, 'name', true, findings);
  for (const [path, text, isName] of textsOf(rest, '')) {
    if (findings.length >= maxFindings) break;
    lookAt(text, path, isName, findings);
  }
  return findings.slice(0, maxFindings);
}

function lookAt(text: string, path: string, isName: boolean, findings: ToolFinding[]): void {
  for (const { kind, start, length, shown } of hiddenText(text))
    findings.push({ kind: 'hidden_text', path, what: kind, start, length, shown });
  const scripts = isName ? mixedScripts(text) : [];
  if (scripts.length > 0)
    findings.push({
      kind: 'mixed_scripts',
      path,
      what: 'scripts',
      start: 0,
      length: text.length,
      shown: scripts.join(' and '),
    });
  for (const { kind, start, length } of signalsIn(text))
    findings.push({
      kind: 'instruction_like',
      path,
      what: kind,
      start,
      length,
      shown: plain(text.slice(start, start + length)),
    });
}

/** Each text with its place; a name of an object is one too, for a model reads it. */
function* textsOf(value: Json, path: string): Generator<readonly [path: string, text: string, isName: boolean]> {
  if (typeof value === 'string') yield [path, value, false];
  else if (isList(value)) for (const [index, item] of value.entries()) yield* textsOf(item, `${path}/${index}`);
  else if (isJsonObject(value))
    for (const [name, item] of Object.entries(value)) {
      const below = path === '' ? name : `${path}/${name}`;
      if (path !== '') yield [below, name, true];
      yield* textsOf(item, below);
    }
}

function plain(text: string): string {
  return text
    .slice(0, longestShown)
    .toWellFormed()
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ');
}
