// What the sensor and the process that matches say to each other. To the child: a line of JSON that says how many bytes follow,
// then these. From the child: lines of JSON.
import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { isCount } from '../spool/frame-content.ts';

export type ScanRequest =
  | { readonly kind: 'rules'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'build' }
  | { readonly kind: 'scan'; readonly id: number; readonly bytes: number; readonly timeoutMs: number };

export type RuleMatch = {
  readonly rule: string;
  /** The file the rule is from. */
  readonly file: string;
  readonly tags: readonly string[];
  readonly description: string | undefined;
  /** Names of the patterns that were found; not what was found, which is the file's content. */
  readonly patterns: readonly string[];
};

export type ScanAnswer =
  | {
      readonly kind: 'ready';
      readonly rules: number;
      readonly refused: readonly { file: string; reason: string }[];
      readonly usedMs: number;
    }
  | { readonly kind: 'scanned'; readonly id: number; readonly matches: readonly RuleMatch[]; readonly usedMs: number }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string; readonly usedMs: number };

export const maxMatchesTold = 20;
const maxTextCharacters = 300;

export function requestLine(request: ScanRequest): string {
  return `${JSON.stringify(request)}\n`;
}

export function parseRequest(line: string): ScanRequest | undefined {
  const value = parsed(line);
  if (value === undefined) return undefined;
  const { kind, id, bytes, timeoutMs, name } = value;
  if (kind === 'build') return { kind };
  if (!isCount(bytes)) return undefined;
  if (kind === 'rules') return { kind, name: textOf(name), bytes };
  return kind === 'scan' && isCount(id) && isCount(timeoutMs) ? { kind, id, bytes, timeoutMs } : undefined;
}

/** The child reads hostile files: what it says is bounded and looked at like anything from outside. */
export function parseAnswer(line: string): ScanAnswer | undefined {
  const value = parsed(line);
  if (value === undefined) return undefined;
  const { kind, id, usedMs, rules } = value;
  if (!isCount(usedMs)) return undefined;
  if (kind === 'ready' && isCount(rules))
    return {
      kind,
      rules,
      usedMs,
      refused: objectsIn(value['refused']).map((one) => ({ file: short(one['file']), reason: short(one['reason']) })),
    };
  if (!isCount(id)) return undefined;
  if (kind === 'failed') return { kind, id, usedMs, reason: short(value['reason']) };
  if (kind !== 'scanned') return undefined;
  const matches = objectsIn(value['matches']).map((one) => ({
    rule: short(one['rule']),
    file: short(one['file']),
    tags: textsOf(one['tags'])
      .slice(0, maxMatchesTold)
      .map((tag) => short(tag)),
    description: short(one['description']) === '' ? undefined : short(one['description']),
    patterns: textsOf(one['patterns'])
      .slice(0, maxMatchesTold)
      .map((pattern) => short(pattern)),
  }));
  return { kind, id, matches, usedMs };
}

function objectsIn(value: JsonValue | undefined): JsonObject[] {
  const items: readonly JsonValue[] = Array.isArray(value) ? value : [];
  return items.filter(isJsonObject).slice(0, maxMatchesTold);
}

function short(value: JsonValue | undefined): string {
  return textOf(value).slice(0, maxTextCharacters).toWellFormed();
}

function parsed(line: string): JsonObject | undefined {
  try {
    const value = parseJson(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
