import { addPath } from '../../run/effects.ts';
import type { Invocation } from '../../run/run.ts';
import { shown } from '../../run/text.ts';
import type { Text } from '../../run/text.ts';

// Which words of a subcommand are files, and which begin another command.

/** A command with options of its own. */
export function wordsBehind(given: readonly Text[], word: string): readonly Text[] {
  const words = given.slice(given.findIndex(({ text }) => shown(text) === word) + 1);
  return word === 'foreach' && /^(?:--recursive|--quiet|-q)$/.test(words[0]?.text ?? '') ? words.slice(1) : words;
}

/** `HEAD:.env`, `:0:.env`: the file as it was, or as it is kept for the next commit. */
export function addFilesOfCommits(invocation: Invocation, operands: readonly Text[]): void {
  for (const text of operands) {
    const file = /^(?::[0-3]:|[^:]*:(?![/\\]{2}))([\s\S]+)$/.exec(text.text)?.[1];
    if (file !== undefined) addPath(invocation, 'read', { ...text, text: file });
  }
}

/** Whether a patch is only looked at. Git takes the beginning of an option for it, and `--apply` or `--no-stat` undo what only reads. */
export function isPatchRead(name: string, flags: readonly string[]): boolean {
  if (name === 'am') return flags.some((flag) => /^--(?:abort|quit|show-current-patch)$/.test(flag));
  return (
    flags.some((flag) => /^--(?:check|stat|numstat|summary)$/.test(flag)) &&
    !flags.some((flag) => /^--(?:ap|no-)/.test(flag))
  );
}

/** Files that are put back: behind `--`, and whatever looks like one. */
export function filesPutBack(name: string, given: readonly Text[], operands: readonly Text[]): readonly Text[] {
  const dashes = given.findIndex(({ text }) => text === '--');
  const behind = new Set(dashes === -1 ? [] : given.slice(dashes + 1));
  const before = operands.filter((text) => !behind.has(text));
  return [...behind, ...before.filter(({ text }) => name === 'restore' || /^\.\w|\.\w+$/.test(text))];
}

/** Files whose earlier and present lines are shown or put aside: those behind `--`, and dotted names before it. */
export function addFilesBehind(invocation: Invocation, given: readonly Text[]): void {
  const dashes = given.findIndex(({ text }) => text === '--');
  const before = (dashes === -1 ? given : given.slice(0, dashes)).filter(({ text }) =>
    /^(?:[\w./-]*\/)?\.[a-z][\w.-]*$/i.test(text),
  );
  for (const text of [...before, ...(dashes === -1 ? [] : given.slice(dashes + 1))])
    addPath(invocation, 'read', { ...text, text: text.text.replace(/^:(?:\([^)]*\)|[/!^]*)/, '') });
}
