import type { Owner } from '../sessions/agent.ts';
import type { AgentCall } from '@sallyport/contracts';

/** How it ended: somebody said yes or no, nobody did in time, or what asked was over before. */
export const approvalEnds = ['granted', 'refused', 'timed-out', 'ended'] as const;
export type ApprovalEnd = (typeof approvalEnds)[number];
export type AnswerScope = 'once' | 'session';

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
  /** As its events name the call. */
  readonly call: Pick<AgentCall, 'id' | 'tool' | 'action'>;
};

export type Answer = {
  readonly end: ApprovalEnd;
  readonly atMs: number;
  readonly scope: AnswerScope;
  readonly by?: { readonly id: string; readonly name: string };
  /** Of whoever answered; the agent reads it. Or why it ended by itself. */
  readonly words: string;
};

export type AnsweredApproval = Approval & { readonly answer?: Answer };

/** Earlier answers to the same agent about the same tool and place. */
export type SimilarAnswers = { readonly granted: number; readonly refused: number; readonly unanswered: number };
