import { addHost } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { shown, unknown } from '../run/text.ts';
import type { Text } from '../run/text.ts';

// Programs that build the project can also give it away, with the credentials of this machine.

/** Whose words are targets, wherever they stand. */
const takesTargets =
  /^(?:g?make|just|task|rake|ninja|cmake|scons|bazel|bazelisk|buck2|gradlew?|mvnw?|ant|sbt|lein|mix|rebar3|dune|stack|cabal|nx|turbo|lerna|buf|setup\.py)$/;
/** Whose first words are a subcommand: what stands behind is given to it. */
const subcommands: ReadonlyMap<string, RegExp> = new Map([
  ['cargo', /^(?:publish|login|owner|yank|release|smart-release|(?:workspaces|ws|dist) (?:publish|upload))(?: |$)/],
  ['dotnet', /^nuget push(?: |$)/],
  ['dart', /^pub (?:publish|lish|login|token)(?: |$)/],
  ['flutter', /^pub (?:publish|lish|login|token)(?: |$)/],
  ['swift', /^package-registry (?:publish|login)(?: |$)/],
]);
/** Options whose value is a directory or a file, not a target. */
const places: ReadonlyMap<string, RegExp> = new Map([
  ['make', /^(?:-C|-f|--directory|--file|--makefile)$/],
  ['gmake', /^(?:-C|-f|--directory|--file|--makefile)$/],
  ['ninja', /^-[Cf]$/],
  ['cmake', /^-[SB]$/],
]);

/** `publish`, `deploy-prod`, `hex.publish`, `publishPlugins`; not what stays on the machine. */
export function isPublishing(word: string): boolean {
  if (/^publish(?:ToMavenLocal|Local|M2)/i.test(word)) return false;
  return (
    /^(?:hex\.(?:publish|user|organization)|(?:publish|deploy|upload)[A-Z]\w*|\w+Upload)$/.test(word) ||
    /(?:^|[-_.])(?:publish|deploy|release|upload|login|push)(?:$|[-_.])/i.test(word)
  );
}

/** Whether a program of the project is told to give something away; that is told as something that is sent. */
export function addPublishing(invocation: Invocation, name: string, given: readonly Text[]): boolean {
  const words = given.map(({ text }) => shown(text));
  const said = words.filter((word) => !/^-|=/.test(word));
  const isTold =
    subcommands.get(name)?.test(said.join(' ')) === true ||
    (takesTargets.test(name) &&
      words.some(
        (word, index) =>
          !/^-|=/.test(word) &&
          places.get(name)?.test(words[index - 1] ?? '') !== true &&
          !(word === 'release' && /^(?:mix|rebar3)$/.test(name)) &&
          targetNames(word).some(isPublishing),
      ));
  if (isTold) sendProject(invocation);
  return isTold;
}

/** Whether it goes out is known, and not where to. */
export function sendProject(invocation: Invocation): void {
  addHost(invocation, unknown('where it is published is not said in the command'), {
    way: 'send',
    sends: ['the package'],
    doubt: 'unknown_until_run',
  });
}

/** `:library:publish`, `release:perform`, `release[origin]` */
function targetNames(word: string): string[] {
  const names = word.replace(/^\+/, '').replace(/\[.*$/s, '').split(/[:\s]/);
  return [names[0] ?? '', names.at(-1) ?? ''];
}
