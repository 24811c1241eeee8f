import type { Invocation } from '../run/run.ts';
import { isKnown, shown, unknown } from '../run/text.ts';
import type { Text } from '../run/text.ts';
import { assignShellVariable } from '../run/variables.ts';
import { runScript } from './start.ts';

/**
 * Bash reads the name of an element (`a[$(command)]`) once more where it only takes its name, and runs what stands in the subscript, however
 * it was quoted: `unset`, `read`, `printf -v`, `test -v`, `let`, numbers in `[[`. A script that does only that; undefined where nothing would run.
 */
export function subscriptScript(text: Text): Text | undefined {
  const written = shown(text.text);
  const at = written.indexOf('[');
  return isKnown(text) && at !== -1 && /\$\(|\$\{|`/.test(written.slice(at))
    ? { ...text, text: `: ${written}` }
    : undefined;
}

/** Those builtins, and after which argument they take names. */
const naming: ReadonlyMap<string, RegExp | undefined> = new Map([
  ['unset', undefined],
  ['read', undefined],
  ['mapfile', undefined],
  ['readarray', undefined],
  ['let', undefined],
  ['declare', undefined],
  ['typeset', undefined],
  ['local', undefined],
  ['export', undefined],
  ['readonly', undefined],
  ['wait', /^-\w*p/],
  ['getopts', undefined],
  ['printf', /^-v/],
  ['test', /^-v$/],
  ['[', /^-v$/],
]);

export function runSubscripts(invocation: Invocation): void {
  const { name, arguments: given } = invocation;
  if (!naming.has(name)) return;
  for (const variable of assignedBy(name, given))
    assignShellVariable(variable, [unknown(`"${variable}" is set when it runs`)], invocation);
  const after = naming.get(name);
  const from = after === undefined ? 0 : given.findIndex(({ text }) => after.test(text));
  if (from === -1) return;
  // A text after the name is printed, not read.
  const names = name === 'printf' ? given.slice(from, from + 2) : given.slice(from);
  for (const text of names) {
    const script = subscriptScript(text);
    if (script !== undefined) runScript(script, invocation);
  }
}

/** Names that `let`, `getopts` and `wait -p` put a value into. */
function assignedBy(name: string, given: readonly Text[]): readonly string[] {
  const words = given.map(({ text }) => text);
  if (name === 'let') return words.flatMap(assignedIn);
  const at = name === 'wait' ? words.findIndex((word) => /^-\w*p/.test(word)) : -1;
  const joined = /^-\w*?p(.+)$/s.exec(words[at] ?? '')?.[1];
  const variable =
    name === 'getopts' ? words.at(words[0] === '--' ? 2 : 1) : at === -1 ? undefined : (joined ?? words[at + 1]);
  return variable !== undefined && /^[A-Za-z_]\w*$/.test(variable) ? [variable] : [];
}

/** Names that an arithmetic expression sets: `n = 1`, `n += 1`, `n++`, `--n`. */
export function assignedIn(expression: string): readonly string[] {
  return [
    ...expression.matchAll(/(?:\+\+|--)\s*([A-Za-z_]\w*)|\b([A-Za-z_]\w*)\s*(?:\+\+|--|(?:[-+*/%&|^]|<<|>>)?=(?!=))/g),
  ].map(([, before, after]) => before ?? after ?? '');
}
