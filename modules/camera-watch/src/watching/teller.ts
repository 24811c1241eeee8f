import type { Database } from '@sallyport/platform/database';
import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import type { Outbox } from '@sallyport/ledger';
import { cameraEvent } from './camera-event.ts';
import type { Pictures } from './camera-event.ts';
import type { CameraNotice, CameraStanding } from './camera-notice.ts';
import { momentOf } from './moment.ts';
import type { MomentStore } from './moment-store.ts';
import type { WatchStore } from './watch-store.ts';
import type { WatchedCamera } from './watching-needs.ts';

/** A notice on its way, with how the watch stands to the camera after it. */
export type Telling = {
  readonly camera: WatchedCamera;
  readonly notice: CameraNotice;
  readonly timeMs: number;
  readonly model?: string | undefined;
  readonly standing: CameraStanding;
  /** Never rejects. */
  readonly pictures: Promise<Pictures>;
};

/**
 * Takes notices to the ledger in order. Event, standing and moment are one transaction, and the event waits in the outbox
 * until the ledger has it: whatever ends in between, a notice is told once. While the control database takes nothing they wait
 * here, so many at most; those beyond are counted for their camera and told as `camera.untold`.
 */
export type Teller = {
  tell(telling: Telling): void;
  /** Tries again what could not be told: to be called now and then. */
  retry(): void;
  /** Resolves when what was told so far is in the ledger, or failed for now. */
  settled(): Promise<void>;
  waiting(): number;
};

const perTransaction = 100;

export function createTeller(needs: {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly store: Pick<WatchStore, 'saveStanding'>;
  readonly moments: Pick<MomentStore, 'add'>;
  readonly nowMs: () => number;
  readonly maxWaiting: number;
  readonly log: Log;
}): Teller {
  const { log } = needs;
  const queue: Telling[] = [];
  const untold = new Map<string, { telling: Telling; count: number; readonly sinceMs: number }>();
  let isUnflushed = false;
  let pumping: Promise<void> | undefined;
  let flushing: Promise<void> = Promise.resolve();

  async function store(tellings: readonly Telling[]): Promise<void> {
    const ready = await Promise.all(tellings.map(async (telling) => ({ telling, pictures: await telling.pictures })));
    await needs.database.transaction().execute(async (transaction) => {
      const standings = new Map<string, CameraStanding>();
      for (const { telling, pictures } of ready) {
        const { camera, notice, timeMs, model } = telling;
        await needs.outbox.record(transaction, cameraEvent({ camera, notice, timeMs, pictures, model }));
        const part = momentOf(notice, timeMs);
        if (part !== undefined) await needs.moments.add(transaction, camera.id, part, pictures.picture);
        standings.set(camera.id, telling.standing);
      }
      for (const [id, standing] of standings) await needs.store.saveStanding(transaction, id, standing);
    });
  }

  function flush(): void {
    isUnflushed = true;
    flushing = needs.outbox.flushed().then(
      () => {
        isUnflushed = false;
      },
      (error: unknown) => log.warn('What cameras saw waits for the ledger', errorFields(error)),
    );
  }

  async function pump(): Promise<void> {
    try {
      for (let some = queue.slice(0, perTransaction); some.length > 0; some = queue.slice(0, perTransaction)) {
        await store(some);
        queue.splice(0, some.length);
        flush();
        if (queue.length === 0) queue.push(...takeUntold());
      }
    } catch (error) {
      log.warn('What cameras saw waits for the control database', { ...errorFields(error), waiting: queue.length });
    } finally {
      pumping = undefined;
    }
  }

  function takeUntold(): Telling[] {
    const lost = [...untold.values()];
    untold.clear();
    return lost.map(({ telling, count, sinceMs }): Telling => ({
      ...telling,
      notice: { event: 'camera.untold', count, sinceMs },
      timeMs: needs.nowMs(),
      pictures: Promise.resolve({}),
    }));
  }

  function start(): void {
    pumping ??= pump();
  }

  return {
    tell(telling) {
      if (queue.length < needs.maxWaiting) queue.push(telling);
      else {
        const { camera } = telling;
        const before = untold.get(camera.id);
        untold.set(camera.id, {
          telling,
          count: (before?.count ?? 0) + 1,
          sinceMs: before?.sinceMs ?? telling.timeMs,
        });
      }
      start();
    },
    retry() {
      if (queue.length > 0) start();
      else if (isUnflushed) flush();
    },
    async settled() {
      await pumping;
      await flushing;
    },
    waiting: () => queue.length + untold.size,
  };
}
