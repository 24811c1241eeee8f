import { diffTools, inspectTool } from '@sallyport/tool-pins';
import type { ToolChange, ToolDefinition } from '@sallyport/tool-pins';
import type { Pinned } from './pin-file.ts';

/** How a server differs from its pin. Empty when it does not. */
export type PinChange =
  | { readonly kind: 'moved'; readonly words: string }
  | { readonly kind: 'added'; readonly tool: string; readonly words: readonly string[] }
  | { readonly kind: 'removed'; readonly tool: string }
  | {
      readonly kind: 'changed';
      readonly tool: string;
      readonly changes: readonly ToolChange[];
      readonly words: readonly string[];
    };

export function pinChanges(pin: Pinned, now: Pinned): PinChange[] {
  const changes: PinChange[] = [];
  if (pin.target !== now.target || pin.transport !== now.transport)
    changes.push({ kind: 'moved', words: `it was "${pin.target}", and is "${now.target}"` });
  for (const [name, tool] of now.tools) {
    const before = pin.tools.get(name);
    if (before === undefined) changes.push({ kind: 'added', tool: name, words: findingsOf(tool) });
    else {
      const differs = diffTools(before, tool);
      if (differs.length > 0) changes.push({ kind: 'changed', tool: name, changes: differs, words: findingsOf(tool) });
    }
  }
  for (const name of pin.tools.keys()) if (!now.tools.has(name)) changes.push({ kind: 'removed', tool: name });
  return changes;
}

/** Lines for a person; nothing in them hides or moves text. */
export function sayChanges(changes: readonly PinChange[]): string[] {
  return changes.flatMap(wordsOfChange);
}

function wordsOfChange(change: PinChange): string[] {
  switch (change.kind) {
    case 'moved':
      return [`the server is another: ${change.words}`];
    case 'removed':
      return [`tool "${change.tool}" is gone`];
    case 'added':
      return [`tool "${change.tool}" is new`, ...change.words];
    case 'changed':
      return [
        `tool "${change.tool}" has changed:`,
        ...change.changes.map(({ weight, kind, path, parts }) => `  ${weight}: ${path} (${kind}): ${partsOf(parts)}`),
        ...change.words,
      ];
  }
}

/** What a person should know before they trust a tool. */
export function findingsOf(tool: ToolDefinition): string[] {
  return inspectTool(tool).map(({ kind, path, shown }) => `  look at ${path} of "${tool.name}": ${kind} ${shown}`);
}

function partsOf(parts: ToolChange['parts']): string {
  return parts
    .map(({ change, text }) =>
      change === 'added' ? `{+${text}+}` : change === 'removed' ? `[-${text}-]` : around(text),
    )
    .join('')
    .slice(0, 1500);
}

/** Of what stayed the same, enough to find the place. */
function around(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 40)} … ${text.slice(-40)}`;
}
