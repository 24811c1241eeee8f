import type { Invocation } from '../run/run.ts';
import { known, shown } from '../run/text.ts';
import type { Text } from '../run/text.ts';
import { runCommand, runScript } from './start.ts';
import { addForeignCode } from './foreign-code.ts';

// Programs that build and run the project may be given code in the command itself. That is not the project's.

const rails = /^(?:runner|r|console|c|dbconsole|db)$/;
/** By program: the words behind which code of a language stands, where a subcommand has to stand first. */
const code: ReadonlyMap<string, { readonly words: RegExp; readonly behind?: RegExp }> = new Map([
  ['rake', { words: /^(?:-[epE]|--execute\S*)$/ }],
  ['mix', { words: /^(?:-e|--eval|eval|-r|--require)$/ }],
  ['sbt', { words: /^(?:eval|set|console)$/ }],
  ['ghc', { words: /^-e$/ }],
  ['stack', { words: /^(?:eval|-e|ghc|runghc)$/ }],
  ['cabal', { words: /^(?:-e|exec)$/ }],
  ['swift', { words: /^-e$/ }],
  ['dotnet', { words: /^(?:-e|--exec|--use|-r:.*)$/, behind: /^(?:fsi|script)$/ }],
  ['lein', { words: /^(?:-e|update-in|eval)$/ }],
  ['rails', { words: rails, behind: rails }],
  ['flask', { words: /^(?:-c|shell)$/ }],
  ['tox', { words: /^(?:-x|--override)$/ }],
  ['nox', { words: /^--script$/ }],
  ['phpunit', { words: /^--prepend$/ }],
  ['emacs', { words: /^--?eval$/ }],
]);
/** A goal of a plug-in that starts whatever it is told, or that is fetched as it is named. */
const foreignGoal =
  /^(?:exec|antrun|groovy|gmaven\w*|jshell|dependency|archetype|wagon|download|scm|install|wrapper|cargo):(?!(?:tree|list|analyze\w*|resolve\w*|help|install|test)$)|^[^:\s-]+:[^:\s]+:[^\s]+/;

/** Tells the code, or the command, that such a program is given. True where there is some. */
export function addInlineCode(invocation: Invocation): boolean {
  const { name, arguments: given } = invocation;
  const words = given.map(({ text }) => shown(text));
  if (/^mvnw?$/.test(name)) return words.some((word) => foreignGoal.test(word));
  if (/^bazel(?:isk)?$|^buck2$/.test(name)) return words.some((word) => /^@{1,2}\w|^--run_under/.test(word));
  if (name === 'cmake' && words[0] === '-E') return startsCommand(invocation, given);
  if (name === 'ctest') {
    const at = words.findIndex((word) => /^--(?:test-command|build-and-test)$/.test(word));
    if (at === -1) return false;
    const command = words.indexOf('--test-command');
    if (command !== -1) runCommand(given.slice(command + 1), invocation);
    return true;
  }
  const rule = code.get(name);
  if (rule === undefined || (rule.behind !== undefined && !rule.behind.test(words[0] ?? ''))) return false;
  const at = words.findIndex((word) => rule.words.test(word.split(' ')[0] ?? '') || isJoined(rule.words, word));
  if (at === -1) return false;
  addForeignCode(invocation, given[at + 1] ?? known(words[at] ?? ''));
  if (name === 'tox') runScript(known(/=([\s\S]*)$/.exec(words[at + 1] ?? words[at] ?? '')?.[1] ?? ''), invocation);
  return true;
}

/** `--eval=code` */
function isJoined(words: RegExp, word: string): boolean {
  const option = /^(--?[\w-]+)=/.exec(word)?.[1];
  return option !== undefined && words.test(option);
}

/** What `cmake -E` does under other names. */
const ofCmake: ReadonlyMap<string, readonly string[]> = new Map([
  ['env', ['env']],
  ['environment', ['env']],
  ['time', []],
  ['chdir', ['env', '-C']],
  ['cat', ['cat']],
  ['copy', ['cp']],
  ['copy_directory', ['cp', '-r']],
  ['copy_if_different', ['cp']],
  ['rename', ['mv']],
  ['rm', ['rm']],
  ['remove', ['rm']],
  ['remove_directory', ['rm', '-r']],
  ['make_directory', ['mkdir']],
  ['touch', ['touch']],
  ['tar', ['tar']],
  ['create_symlink', ['ln', '-s']],
  ['create_hardlink', ['ln']],
]);

function startsCommand(invocation: Invocation, given: readonly Text[]): boolean {
  const words = ofCmake.get(given[1]?.text ?? '');
  if (words !== undefined) runCommand([...words.map(known), ...given.slice(2)], invocation, 'cmake -E');
  return words !== undefined;
}
