import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { auditEvent } from '../audit-event.ts';
import type { Actor, AuditEvent } from '../audit-event.ts';
import { LedgerError } from '../errors.ts';
import type { PruningPlan } from './log-pruner.ts';
import type { PruningSteps } from './prune-frames.ts';

export type PruningState = {
  readonly log: number;
  readonly state: 'running' | 'done' | 'failed';
  readonly startedAtMs: number;
  /** Files of blocks looked at, of all that are. */
  readonly segmentsDone: number;
  readonly segments: number;
  readonly blocks: number;
  readonly events: number;
  readonly bytes: number;
  /** Planned, and once done the one in force. */
  readonly minimumIndex: number;
  readonly problem: string | undefined;
};

/** Lets go of what was erased, in the background, one log at a time. Safe to be started again after any stop. */
export type Pruning = {
  /**
   * Recorded in the ledger, with the minimum index, before anything goes. Resolves when it is under way; `finished` when it is done.
   * Throws `pruning` while another runs.
   */
  start(log: number, actor: Actor): Promise<PruningState>;
  /** The newest since the server started. */
  state(): PruningState | undefined;
  /** Never rejects. */
  finished(): Promise<void>;
};

export function createPruning(needs: {
  readonly steps: PruningSteps;
  readonly clock: Clock;
  readonly recordAudit: (event: AuditEvent) => Promise<void>;
}): Pruning {
  const { steps, clock } = needs;
  let state: PruningState | undefined;
  let isStarting = false;
  let running = Promise.resolve();

  const record = (action: string, about: { actor: Actor; log: number }, details: JsonObject): Promise<void> =>
    needs.recordAudit(
      auditEvent({
        nowMs: clock.nowMs(),
        actor: about.actor,
        action,
        classUid: ocsfClass.entityManagement,
        activityId: 4,
        outcome: 'success',
        target: { type: 'log', id: String(about.log) },
        details,
      }),
    );

  const run = async (
    about: { actor: Actor; log: number },
    { segments, minimumIndex: planned }: PruningPlan,
  ): Promise<void> => {
    const add = (change: Partial<PruningState>): void => {
      if (state !== undefined) state = { ...state, ...change };
    };
    try {
      for (const segment of segments) {
        const pruned = await steps.hollow(about.log, segment);
        add({
          segmentsDone: (state?.segmentsDone ?? 0) + 1,
          blocks: (state?.blocks ?? 0) + pruned.blocks,
          events: (state?.events ?? 0) + pruned.events,
          bytes: (state?.bytes ?? 0) + pruned.bytes,
        });
      }
      const minimumIndex = await steps.raise(about.log, planned);
      const { blocks = 0, events = 0, bytes = 0 } = state ?? {};
      await record('ledger.pruned', about, { minimum_index: minimumIndex, blocks, events, bytes });
      add({ state: 'done', minimumIndex });
    } catch (error) {
      add({ state: 'failed', problem: codeOf(error) ?? messageOf(error) });
    }
  };

  return {
    async start(log, actor) {
      if (isStarting || state?.state === 'running')
        throw new LedgerError('pruning', `Cannot prune log ${log}: log ${state?.log ?? log} is being pruned`);
      isStarting = true;
      try {
        const { segments, minimumIndex } = await steps.plan(log);
        await record('ledger.prune', { actor, log }, { minimum_index: minimumIndex, segments: segments.length });
        state = {
          log,
          state: 'running',
          startedAtMs: clock.nowMs(),
          segmentsDone: 0,
          segments: segments.length,
          blocks: 0,
          events: 0,
          bytes: 0,
          minimumIndex,
          problem: undefined,
        };
        running = run({ actor, log }, { segments, minimumIndex });
        return state;
      } finally {
        isStarting = false;
      }
    },
    state: () => state,
    finished: () => running,
  };
}
