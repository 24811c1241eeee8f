import type { ActionRefusal, AgentAction, CallContext, CallPart, Disguise } from '../action.ts';
import type { State } from './state.ts';
import type { Text, Value } from './text.ts';

/** The place in the call and the programs around, which every action found there carries. */
export type Where = {
  readonly part: CallPart;
  /** The whole argument that `part` counts in, while in the call's own text. */
  readonly full?: string;
  readonly through: readonly string[];
  readonly disguises: readonly Disguise[];
};

export type Found = Pick<AgentAction, 'kind' | 'target' | 'isCertain' | 'doubt' | 'why' | 'sends'>;
export type FoundAction = Omit<Found, 'doubt' | 'why' | 'sends'> & {
  readonly doubt?: AgentAction['doubt'] | undefined;
  readonly why?: string | undefined;
  readonly sends?: readonly string[] | undefined;
};

export type Around = { readonly state: State; readonly where: Where; readonly stdin?: Value | undefined };

/** One judgement of one call: what it has found so far, and how it goes on into scripts and commands that it finds. */
export type Run = {
  readonly context: CallContext;
  readonly add: (action: FoundAction, where: Where) => void;
  readonly refuse: (code: ActionRefusal['code'], message: string, where: Where) => void;
  /** Whether the budget has room for one more path; when not, that is a refusal. */
  readonly mayPlace: (text: Text, where: Where) => boolean;
  /** Runs a text as a shell script; `positional` are its arguments. Gives what it prints. */
  readonly script: (text: Text, around: Around, positional?: readonly Text[]) => Value;
  /** Runs a command, as a shell does. */
  readonly command: (argv: readonly Text[], around: Around) => Value;
};

/** A program that is started. */
export type Invocation = Around & {
  readonly run: Run;
  /** Without its directory. */
  readonly name: string;
  readonly arguments: readonly Text[];
};
