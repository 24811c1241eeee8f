import type { ActionKind, ActionTarget, CallContext, CallPart, DoubtCode } from '../action.ts';
import type { Run, Where } from '../run/run.ts';
import { createState } from '../run/state.ts';
import type { State } from '../run/state.ts';

/** One call as a harness's tools are read: its arguments by name, and where what is found in them goes. */
export type Call = {
  readonly tool: string;
  readonly server: string | undefined;
  readonly input: Readonly<Record<string, unknown>>;
  readonly context: CallContext;
  readonly run: Run;
  readonly state: State;
};

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** The first of the names that holds a text. */
export function textAt(
  input: Readonly<Record<string, unknown>>,
  ...names: readonly string[]
): { readonly name: string; readonly text: string } | undefined {
  for (const name of names) {
    const text = Object.hasOwn(input, name) ? input[name] : undefined;
    if (typeof text === 'string') return { name, text };
  }
  return undefined;
}

/** All of the names that hold a text: which of them a harness takes is not known to us, so none is passed over. */
export function textsAt(
  input: Readonly<Record<string, unknown>>,
  names: readonly string[],
): readonly { readonly name: string; readonly text: string }[] {
  return names.flatMap((name) => textAt(input, name) ?? []);
}

/** No more of a list than is looked at; the rest is told as not understood. */
export function bounded<Entry>(call: Call, argument: string, list: readonly Entry[], max = 256): readonly Entry[] {
  if (list.length > max)
    call.run.refuse(
      'too_many',
      `Cannot judge argument "${argument}": it has over ${max} entries`,
      whereOf(argument, ''),
    );
  return list.slice(0, max);
}

export function whereOf(argument: string, text: string): Where {
  return { part: { argument, text: text.slice(0, 200) }, through: [], disguises: [] };
}

/** For a shell command: places count in it. */
export function whereInCommand(argument: string, text: string): Where {
  const part: CallPart = { argument, text: text.slice(0, 200), start: 0, end: text.length };
  return { part, full: text, through: [], disguises: [] };
}

export function freshState(context: CallContext, cwd = context.cwd): State {
  return createState(cwd, context.environment ?? new Map());
}

/** The effect of one argument, for the helpers of `run/effects.ts`. */
export function effectOf(
  call: Call,
  argument: string,
  text: string,
): { readonly run: Run; readonly state: State; readonly where: Where } {
  return { run: call.run, state: call.state, where: whereOf(argument, text) };
}

export function addNamed(
  call: Call,
  kind: ActionKind,
  target: ActionTarget,
  {
    argument = '',
    text = '',
    doubt,
    why,
  }: { readonly argument?: string; readonly text?: string; readonly doubt?: DoubtCode; readonly why?: string } = {},
): void {
  call.run.add({ kind, target, isCertain: doubt === undefined, doubt, why }, whereOf(argument, text));
}
