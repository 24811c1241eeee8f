import type { Command } from '../shell/syntax.ts';
import { bounded, hole, unknown } from './text.ts';
import type { Text, Value } from './text.ts';

/** What is known at one place of a script. Sets of what may be, so that what is not on a list cannot be. */
export type State = {
  readonly variables: Map<string, Value>;
  readonly arrays: Map<string, readonly Text[]>;
  /** Variables of the shell's own: programs see them only where the person had exported the name before. */
  readonly unexported: Set<string>;
  readonly functions: Map<string, readonly Command[]>;
  readonly aliases: Map<string, string>;
  /** Contents of files that this call wrote, and of process substitutions. */
  readonly files: Map<string, Value>;
  readonly links: Map<string, string>;
  /** Programs that are no longer what their name says, after a change of PATH or `hash -p`. */
  readonly replaced: Map<string, string>;
  /** Where it may be: absolute, or with a hole. */
  cwds: readonly string[];
  positional: readonly Text[] | undefined;
  /** `set -e`: what fails ends it. */
  stopsOnError: boolean;
  /** `set -a`: whatever is set is exported. */
  exportsAll: boolean;
};

const maxCwds = 4;

export function createState(cwd: string, variables: ReadonlyMap<string, string>): State {
  return {
    variables: new Map([...variables].map(([name, text]) => [name, [{ text }]])),
    arrays: new Map(),
    unexported: new Set(),
    functions: new Map(),
    aliases: new Map(),
    files: new Map(),
    links: new Map(),
    replaced: new Map(),
    cwds: [cwd],
    positional: undefined,
    stopsOnError: false,
    exportsAll: false,
  };
}

/** For what runs apart: a subshell, one side of a pipeline. Files and links are shared, they are the world's. */
export function forked(state: State): State {
  return {
    ...state,
    variables: new Map(state.variables),
    arrays: new Map(state.arrays),
    unexported: new Set(state.unexported),
    functions: new Map(state.functions),
    aliases: new Map(state.aliases),
    replaced: new Map(state.replaced),
  };
}

/** After a way that may have been taken or not, `state` may be either. */
export function merge(state: State, other: State): void {
  for (const name of other.unexported) if (!state.variables.has(name)) state.unexported.add(name);
  for (const name of state.unexported)
    if (other.variables.has(name) && !other.unexported.has(name)) state.unexported.delete(name);
  state.exportsAll = state.exportsAll || other.exportsAll;
  for (const [name, value] of other.variables) {
    state.variables.set(
      name,
      bounded([...(state.variables.get(name) ?? [unknown(`"${name}" may not be set`)]), ...value]),
    );
  }
  for (const [name, commands] of other.functions) {
    state.functions.set(name, [...new Set([...(state.functions.get(name) ?? []), ...commands])]);
  }
  for (const [name, elements] of other.arrays) {
    const before = state.arrays.get(name);
    const isSame =
      before !== undefined && before.map(({ text }) => text).join('\0') === elements.map(({ text }) => text).join('\0');
    state.arrays.set(
      name,
      isSame || before === undefined ? elements : [{ text: hole, why: `"${name}" may be two arrays` }],
    );
  }
  for (const [name, alias] of other.aliases) state.aliases.set(name, alias);
  for (const [name, why] of other.replaced) state.replaced.set(name, why);
  addCwds(state, other.cwds);
}

export function addCwds(state: State, cwds: readonly string[]): void {
  const all = [...new Set([...state.cwds, ...cwds])];
  state.cwds = all.length > maxCwds ? [hole] : all;
}
