import { diffTools, inspectTool } from '@sallyport/tool-pins';
import type { Definition, ToolChange } from '@sallyport/tool-pins';
import type { Pinned } from './pin-file.ts';

/** How a server differs from its pin. Empty when it does not. */
export type PinChange =
  | { readonly kind: 'moved'; readonly words: string }
  /** `what`: `tool "x"`, `prompt "x"`. */
  | { readonly kind: 'added'; readonly what: string; readonly words: readonly string[] }
  | { readonly kind: 'removed'; readonly what: string }
  | {
      readonly kind: 'changed';
      readonly what: string;
      readonly changes: readonly ToolChange[];
      readonly words: readonly string[];
    };

export function pinChanges(pin: Pinned, now: Pinned): PinChange[] {
  const changes: PinChange[] = [];
  if (pin.target !== now.target || pin.transport !== now.transport)
    changes.push({ kind: 'moved', words: `it was "${pin.target}", and is "${now.target}"` });
  for (const [key, one] of now.definitions) {
    const [before, what] = [pin.definitions.get(key), nameOf(one)];
    if (before === undefined) changes.push({ kind: 'added', what, words: findingsOf(one) });
    else {
      const differs = diffTools(before, one);
      if (differs.length > 0) changes.push({ kind: 'changed', what, changes: differs, words: findingsOf(one) });
    }
  }
  for (const [key, one] of pin.definitions)
    // Resources come and go with what there is to read.
    if (!now.definitions.has(key) && one.kind !== 'resource') changes.push({ kind: 'removed', what: nameOf(one) });
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
      return [`${change.what} is gone`];
    case 'added':
      return [`${change.what} is new`, ...change.words];
    case 'changed':
      return [
        `${change.what} has changed:`,
        ...change.changes.map(({ weight, kind, path, parts }) => `  ${weight}: ${path} (${kind}): ${partsOf(parts)}`),
        ...change.words,
      ];
  }
}

function nameOf({ kind, name }: Definition): string {
  if (kind === undefined) return `tool "${name}"`;
  return kind === 'instructions' ? 'what it tells the model to begin with' : `${kind.replace('_', ' ')} "${name}"`;
}

/** What a person should know before they trust it. */
export function findingsOf(tool: Definition): string[] {
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
