import type { Owner } from '../sessions/agent.ts';
import type { AgentCall } from '@sallyport/contracts';

/** How it ended: somebody said yes or no, nobody did in time, or what asked was over before. */
export const approvalEnds = ['granted', 'refused', 'timed-out', 'ended'] as const;
export type ApprovalEnd = (typeof approvalEnds)[number];
export type AnswerScope = 'once' | 'session';

/** By their account, whatever they are called at the time. */
type Person = { readonly id: string; readonly name: string };
/** One of two. */
export type Yes = Person & { readonly atMs: number };

/** `Ann and Bea`. */
export function namesOf(people: readonly { readonly name: string }[]): string {
  return people.map(({ name }) => name).join(' and ');
}

/** What stays of a question. */
export type Approval = {
  readonly id: string;
  readonly sessionId: string;
  readonly agentId: string;
  readonly owner: Owner;
  readonly askedAtMs: number;
  readonly tool: string;
  readonly place: string;
  readonly kinds: readonly string[];
  /** What the call did, in words. */
  readonly title: string;
  readonly policies: readonly string[];
  readonly digest: string;
  /** Where two people are asked: of the very call, so that a yes outlives a restart; and until when it waits. */
  readonly forTwo?: { readonly fingerprint: string; readonly waitsUntilMs: number };
  /** As its events name the call. */
  readonly call: Pick<AgentCall, 'id' | 'tool' | 'action'>;
};

export type Answer = {
  readonly end: ApprovalEnd;
  readonly atMs: number;
  readonly scope: AnswerScope;
  readonly by?: Person;
  /** Who said yes before, where two people must. */
  readonly yeses?: readonly Yes[];
  /** The server ended in the middle: until then a yes of before counts for the very same call. */
  readonly heldUntilMs?: number;
  /** Of whoever answered; the agent reads it. Or why it ended by itself. */
  readonly words: string;
};

export type AnsweredApproval = Approval & {
  readonly answer?: Answer;
  /** Of the two it takes, while it is open. */
  readonly yeses?: readonly Yes[];
};

/** Earlier answers to the same agent about the same tool and place. */
export type SimilarAnswers = { readonly granted: number; readonly refused: number; readonly unanswered: number };
