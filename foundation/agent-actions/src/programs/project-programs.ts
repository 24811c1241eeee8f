import { placePath } from '../paths/resolve-path.ts';
import { addHost, addPath } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { forked } from '../run/state.ts';
import { known } from '../run/text.ts';
import type { Text } from '../run/text.ts';
import { assignVariable } from '../run/variables.ts';

// Programs that build and run the project's code. That is what the person works on, as long as it is the project's.

/** Whether it runs within the workspace, wherever it may be, and goes to no place outside of it. */
export function isInProject({ state, run }: Invocation, into: readonly Text[] = []): boolean {
  return state.cwds.every((cwd) =>
    [known('.'), ...into].every((text) =>
      placePath(text.text, cwd, run.context, state.links).classes.includes('workspace'),
    ),
  );
}

/** Options that say where results go, not what runs. */
const resultOption =
  /^-{0,2}(?:prefix|destdir|cmake_install_prefix|o|out\w*|output[\w-]*|junit\w*|junit-xml|report[\w-]*|coverage[\w-]*|log[\w-]*|target-dir|cache[\w-]*|basetemp|tmp[\w-]*|build-?dir|dist\w*)$/i;
/** Subcommands that fetch code and build or run it. */
const fetching: ReadonlyMap<string, RegExp> = new Map([
  ['cargo', /^(?:install|add|update|search|publish|login|owner|yank)$/],
  ['go', /^(?:install|get|work)$/],
  ['dotnet', /^(?:tool|add|new|nuget|restore|workload)$/],
  ['flutter', /^(?:pub|upgrade|channel)$/],
  ['dart', /^(?:pub)$/],
  ['swift', /^(?:package)$/],
]);

/**
 * What a program that runs the project is given from elsewhere: a directory, settings, a plug-in or an address outside the workspace. Undefined where
 * it is given nothing. Results that go outside are told as writes.
 */
export function givenFromElsewhere(invocation: Invocation): 'fetched_code' | 'unknown_until_run' | undefined {
  const { name, arguments: given } = invocation;
  const [word] = given;
  let found: 'fetched_code' | 'unknown_until_run' | undefined = isInProject(invocation)
    ? undefined
    : 'unknown_until_run';
  if (word !== undefined && fetching.get(name)?.test(word.text) === true && given.length > 1) found = 'fetched_code';
  for (const [index, text] of given.entries()) {
    const [, option, joined] = /^(--?[\w-]+|[A-Za-z_]\w*)(?:=([\s\S]*))?$/.exec(text.text) ?? [];
    if (option?.startsWith('-') === true && joined === undefined) continue;
    const value: Text = joined === undefined ? text : { ...text, text: joined };
    const before = joined === undefined ? (given[index - 1]?.text ?? '') : (option ?? '');
    const within = joinedPlaces(text);
    if (/^(?:https?|git|ssh|git\+\w+):\/\//i.test(value.text)) {
      addHost(invocation, value, { way: 'fetch' });
      found = 'fetched_code';
    } else if (name === 'go' && isModuleOfVersion(value.text)) found = 'fetched_code';
    else if (/^(?:[~/]|\.\.(?:\/|$))|\/\.\.(?:\/|$)/.test(value.text) && !isInProject(invocation, [value])) {
      if (resultOption.test(before)) addPath(invocation, 'write', value);
      else {
        addPath(invocation, 'read', value, { isTree: true });
        found ??= 'unknown_until_run';
      }
    } else if (within.length > 0 && !isInProject(invocation, within)) {
      for (const place of within) addPath(invocation, 'read', place, { isTree: true });
      found ??= 'unknown_until_run';
    }
  }
  return found;
}

/** Where tools are put, and streams: what is given from there is not somebody else's. */
const usualPlace = /^\/(?:usr|opt|lib|lib64|nix\/store|Library|Applications|System|dev\/(?:null|std\w+|fd))(?:\/|$)/;

/** Places that stand within a word: `-I/place`, `@/place`, `-Dname=/place`, `lib:/place`. */
function joinedPlaces(text: Text): readonly Text[] {
  if (text.text.includes('://')) return [];
  const [, ...pieces] = text.text.split(/[=:,@]|^-[A-Za-z](?=[/~.])/);
  return pieces
    .filter((piece) => /^(?:[~/]|\.\.(?:\/|$))/.test(piece) && !usualPlace.test(piece))
    .map((piece) => ({ ...text, text: piece }));
}

/** `host.example/module@version` */
function isModuleOfVersion(text: string): boolean {
  const at = text.indexOf('@');
  return at !== -1 && at < text.length - 1 && !/\s/.test(text) && /^[\w-]+(?:\.[\w-]+)+\//.test(text.slice(0, at));
}

/** `make SHELL=program`: variables that say what runs. */
export function addMakeVariables(operands: readonly Text[], invocation: Invocation): void {
  for (const text of operands) {
    const [, name, value = ''] = /^(\.?[A-Za-z_]\w*)[:+?]?=([\s\S]*)$/.exec(text.text) ?? [];
    if (name === undefined) continue;
    assignVariable(name.replace(/^\.SHELLFLAGS$/, 'MAKEFLAGS'), [{ ...text, text: value }], {
      ...invocation,
      state: forked(invocation.state),
    });
  }
}
