import type { AgentCall, AgentContent, AgentOrigin, AgentVerdict, JsonObject, JsonValue } from '@sallyport/contracts';
import type { Standing } from '@sallyport/information-flow';
import type { MachineFacts, RiskFacts } from '../decisions/index.ts';
import type { Harness, Pack, SessionFacts } from '../sessions/agent.ts';
import type { OwnRun } from '../decisions/own-policy.ts';
import type { HookCall } from '../calls/hook-message.ts';

/** A call as it was judged: what is answered, and what stands of it in the ledger. */
export type JudgedHook = {
  readonly verdict: AgentVerdict;
  /** For a person; says by which policy and on which path, never what was read. */
  readonly reason: string;
  readonly policies: readonly string[];
  readonly call: AgentCall;
  /** Its arguments with tokens put back: what it is to run with. */
  readonly input?: JsonObject;
  /** Its arguments with tokens in place of secrets: what people are shown. Left out where they hold none. */
  readonly shown?: JsonObject;
  /** What a person would be told, where policies ask. */
  readonly asks?: Asking;
};

/** A call in words, for whoever is asked about it. Texts are as they came. */
export type Asking = {
  /** Each thing it does; `kind` as policies call it. */
  readonly does: readonly { readonly kind: string; readonly words: string }[];
  /** Where it goes and what it touches. */
  readonly places: readonly string[];
  readonly policies: readonly { readonly id: string; readonly words: string }[];
  /** Digests of the texts of those that an organisation can change while the agent runs. */
  readonly texts?: readonly string[];
  /** It does exactly this. */
  readonly isCertain: boolean;
  /** So many different people must say yes. */
  readonly people: 1 | 2;
  /** Whose the secrets and the personal data are that it carries, at worst. */
  readonly carries: { readonly secret: Standing; readonly personal: Standing };
};

/** What decides for one session, and remembers where its values came from. Its sub-agents are judged by it too: what one of them read, all have. */
export type HookJudge = {
  prompted(prompt: {
    readonly id: string;
    readonly text: string;
    readonly origin: AgentOrigin;
  }): AgentContent | undefined;
  /** `child`: the sub-agent that calls. Never throws: what cannot be judged is denied. */
  judge(call: HookCall, child: string | undefined): JudgedHook;
  /** A person said yes to a call that was asked about: it goes ahead. */
  granted(call: HookCall): void;
  /** Something came in that nobody saw: an earlier conversation, a result that did not arrive. */
  forgot(): void;
  /** It went ahead, also when a person was asked first. Whose words the result is. */
  saw(call: HookCall, finished: { readonly result: JsonValue; readonly isSuccess: boolean }): SeenAnswer;
  /** A call with tokens put back to what they stand for, where it was judged before. */
  whole(call: HookCall): HookCall;
};

/** Whose words came back, what was found in them, and what the agent reads instead, if anything. */
export type SeenAnswer = {
  readonly origin: AgentOrigin;
  readonly found?: AgentContent;
  readonly output?: JsonValue;
};

export type OpenJudge = (session: {
  readonly pack: Pack;
  readonly harness: Harness;
  readonly facts: SessionFacts;
  /** What it saw so far is not known: it counts as untrusted. */
  readonly isForgotten: boolean;
  /** Small letters and digits nobody can guess: tokens of this session have it, and those of others do not. */
  readonly mark: string;
  /** Of the machine it runs on, as it is now; unknown where nobody tells. */
  readonly machine?: () => MachineFacts;
  /** How unlike themselves it and whoever it acts for were lately, as it is now; not at all where nobody tells. */
  readonly risk?: () => RiskFacts;
  /** Whose it is and where it works: which of the organisation's own policies are about it. */
  readonly run?: OwnRun;
}) => HookJudge;
