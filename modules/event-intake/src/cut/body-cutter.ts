import { Worker } from 'node:worker_threads';
import { EventIntakeError } from '../errors.ts';
import type { EventBytes } from '../event-bytes.ts';
import { createThreadPool } from '../normalise-pool.ts';
import type { CutReply, CutRequest, WholeBody } from './cut-body.ts';

/** What a body held. */
export type CutEvents = Pick<CutReply, 'fault' | 'rejected'> & { readonly events: readonly EventBytes[] };

/**
 * Cuts whole bodies in a thread of their own: one that takes long holds up neither the server's answers nor the events of senders
 * that need no such thread.
 */
export type BodyCutter = {
  /** Throws `body_corrupt` for what nobody can cut, `body_expands_too_much`, `intake_closed`. */
  cut(body: Uint8Array, as: WholeBody): Promise<CutEvents>;
  close(): Promise<void>;
};

export function createBodyCutter(options: {
  readonly timeLimitMs: number;
  readonly createWorker?: (() => Worker) | undefined;
}): BodyCutter {
  const pool = createThreadPool<CutRequest, CutReply>({
    threads: 1,
    timeLimitMs: options.timeLimitMs,
    createWorker: options.createWorker ?? startCutWorker,
  });
  return {
    async cut(bytes, as) {
      const reply = await pool.run({ bytes, as });
      if ('kind' in reply)
        throw new EventIntakeError('body_corrupt', 'Cannot read the body: it ended the thread that was to read it');
      const { events, ends, fault, rejected, refused } = reply;
      if (refused !== undefined) {
        throw new EventIntakeError(
          refused.code === 'expands_too_much' ? 'body_expands_too_much' : 'body_corrupt',
          `Cannot read the body: ${refused.message}`,
          { details: { reason: refused.code } },
        );
      }
      return {
        events: ends.map((end, index) => {
          const start = ends[index - 1] ?? 0;
          return { bytes: new Uint8Array(events, start, end - start) };
        }),
        ...(fault !== undefined && { fault }),
        ...(rejected !== undefined && { rejected }),
      };
    },
    close: () => pool.close(),
  };
}

/** The thread of `cut-worker.ts`, bounded in memory. */
function startCutWorker(): Worker {
  return new Worker(new URL('cut-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 },
  });
}
