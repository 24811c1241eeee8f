import { isLiveTask } from '@sallyport/contracts';
import type { AgentOrigin, AgentTaskChange, JsonValue } from '@sallyport/contracts';
import { sessionWords } from '../audit-record.ts';
import type { StandingSession } from '../sessions/agent-sessions.ts';
import type { HeldBy } from './held-by.ts';
import { toolOf } from '../calls/hook-message.ts';
import type { HookCall } from '../calls/hook-message.ts';
import type { InTurn } from './in-turn.ts';
import type { JudgeMemory } from '../judging/judge-memory.ts';
import type { RecordHappening } from './record-happening.ts';

/** Why something that came back may not be had, and whether the whole run is over. */
export type HeldBack = {
  readonly reason: string;
  readonly isOver: boolean;
  /** To be told once more: nothing of this was recorded. */
  readonly isForgotten?: true;
};

/** What calls through the gateway brought back, at once or as a task. Throws where that cannot be recorded. */
export type CameBack = {
  /** Whose words it brought back, and what the agent reads instead, if anything. */
  finished(told: {
    readonly sessionId: string;
    readonly call: HookCall;
    readonly result: JsonValue;
    readonly isSuccess: boolean;
    readonly durationMs: number;
    /**
     * It went on as this task. Minutes or hours may lie between: its result is had only while the run goes on. `refusal`: why it may not be
     * had all the same.
     */
    readonly task?: { readonly id: string; readonly refusal?: string };
  }): Promise<{ readonly content: AgentOrigin; readonly output?: JsonValue; readonly held?: HeldBack }>;
  /** A call goes on as a task, its server says something of it, or it brings nothing any more. */
  task(told: {
    readonly sessionId: string;
    readonly call: HookCall;
    readonly task: string;
    readonly change: AgentTaskChange;
    /** Words of the server that come along. */
    readonly words?: JsonValue;
    readonly reason?: string;
    readonly refusal?: string;
  }): Promise<{ readonly output?: JsonValue; readonly held?: HeldBack }>;
  /** Why nothing of this run may be had any more. */
  over(sessionId: string): Promise<string | undefined>;
};

export function createCameBack({
  inTurn,
  memory,
  heldBy,
  record,
}: {
  readonly inTurn: InTurn;
  readonly memory: Pick<JudgeMemory, 'of'>;
  readonly heldBy: HeldBy;
  readonly record: RecordHappening;
}): CameBack {
  const wordsOf = ({ session, agent, ownerName }: StandingSession) => sessionWords(session, { agent, ownerName });
  const plain = (call: HookCall) => ({ id: call.id, tool: toolOf(call), action: 'execute' }) as const;

  /** What of a task may not be had, recorded as a call that is refused is. */
  async function heldBack(
    standing: StandingSession,
    call: HookCall,
    refusal: string | undefined,
  ): Promise<HeldBack | undefined> {
    const over = heldBy(standing);
    const reason = over ?? refusal;
    if (reason === undefined) return undefined;
    await record(wordsOf(standing), {
      kind: 'tool_decided',
      call: plain(call),
      verdict: 'deny',
      policies: [over === undefined ? 'tool-servers' : 'stopped'],
      reason: `Sallyport: ${reason}`,
    });
    return { reason: `Sallyport: ${reason}`, isOver: over !== undefined };
  }

  return {
    async finished({ sessionId, call, result, isSuccess, durationMs, task }) {
      const { standing, seen } = await inTurn(sessionId, (read) => ({
        standing: read,
        // What is held back nobody reads.
        ...(task !== undefined && (heldBy(read) ?? task.refusal) !== undefined
          ? { seen: undefined }
          : { seen: memory.of(read, 'gateway').saw(call, { result, isSuccess }) }),
      }));
      if (seen === undefined) {
        const held = await heldBack(standing, call, task?.refusal);
        return {
          content: 'untrusted',
          held: held ?? { reason: 'Sallyport: ask again', isOver: false, isForgotten: true },
        };
      }
      const { origin, found, output } = seen;
      await record(wordsOf(standing), {
        kind: 'tool_finished',
        call: plain(call),
        isSuccess,
        content: origin,
        ...(found === undefined ? {} : { found }),
        durationMs,
        ...(task === undefined ? {} : { task: task.id }),
      });
      return { content: origin, ...(output === undefined ? {} : { output }) };
    },

    async task({ sessionId, call, task, change, words, reason, refusal }) {
      const { standing, seen, isHeld } = await inTurn(sessionId, (read) => {
        const stops = isLiveTask(change) && (heldBy(read) ?? refusal) !== undefined;
        const isRead = words !== undefined && !stops;
        return {
          standing: read,
          isHeld: stops,
          seen: isRead ? memory.of(read, 'gateway').saw(call, { result: words, isSuccess: true }) : undefined,
        };
      });
      if (isHeld) {
        const held = await heldBack(standing, call, refusal);
        if (held !== undefined) return { held };
      }
      await record(wordsOf(standing), {
        kind: 'tool_task',
        call: plain(call),
        task,
        change,
        ...(seen === undefined ? {} : { content: seen.origin }),
        ...(seen?.found === undefined ? {} : { found: seen.found }),
        ...(reason === undefined ? {} : { reason }),
      });
      return seen?.output === undefined ? {} : { output: seen.output };
    },

    async over(sessionId) {
      const { reason } = await inTurn(sessionId, (standing) => ({ reason: heldBy(standing) }));
      return reason;
    },
  };
}
