import type { HookEvent } from '../calls/hook-message.ts';
import type { JudgedHook } from '../judging/hook-judge.ts';
import type { StandingSession } from '../sessions/agent-sessions.ts';
import type { Approvals } from './approvals.ts';
import type { Answered } from './earlier-answers.ts';

/** Somebody on the other side who waits for an answer. */
export type Waiting = {
  /** So long; they go away then. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
  /** Called now and then while a person is asked. */
  readonly onWaiting?: () => void;
};

export type AskPerson = {
  /** Whether people are asked here rather than by the harness: where it cannot, where the agent is set to it, and where one is not enough. */
  isAsked(asked: {
    readonly standing: StandingSession;
    readonly canAsk: boolean;
    readonly waiting: Waiting | undefined;
    readonly judged: Pick<JudgedHook, 'asks'>;
  }): boolean;
  ask(asked: {
    readonly standing: StandingSession;
    readonly event: Extract<HookEvent, { kind: 'before_call' | 'permission' }>;
    readonly judged: JudgedHook;
    readonly child: string | undefined;
    readonly waiting: Waiting | undefined;
  }): Promise<Answered>;
};

/** So much earlier than the caller goes away nobody is asked any more: the no has to reach it. */
const spareMs = 2000;

export function createAskPerson(approvals: Pick<Approvals, 'ask'>, { longestMs }: { longestMs: number }): AskPerson {
  const waitMsOf = (waiting: Waiting): number => Math.min(longestMs, waiting.waitMs) - spareMs;
  return {
    isAsked({ standing: { agent }, canAsk, waiting, judged: { asks } }) {
      if (agent.pack === 'unattended' || agent.approvals === 'off') return false;
      return (
        waiting !== undefined &&
        waitMsOf(waiting) > 0 &&
        (!canAsk || agent.approvals === 'central' || asks?.people === 2)
      );
    },
    async ask({ standing, event, judged, child, waiting }) {
      if (waiting === undefined) return { answer: 'timed-out', words: 'nobody is there to be asked' };
      return approvals.ask({
        standing,
        call: event.call,
        judged,
        child,
        isAgain: event.kind === 'permission',
        waitMs: waitMsOf(waiting),
        signal: waiting.signal,
        onWaiting: waiting.onWaiting,
      });
    },
  };
}
