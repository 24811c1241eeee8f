import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { eventsOf } from './events-of.ts';
import { rangesOf } from './needs.ts';
import type { PersonalDataNeeds, RequestNeeds } from './needs.ts';
import type { SubjectDirectory } from './subject-directory.ts';
import type { SubjectStore } from './subject-store.ts';

/** Keys forgotten completely, and how many events were shown to the keepers of copies. */
export type Forgotten = { readonly keyIds: readonly string[]; readonly events: number };

/**
 * After keys were destroyed: finds which subjects' keys went with them, and has everybody who keeps copies of what they sealed make
 * these equal to what the ledger still says. What is left to do stands in the control database; it goes on after a restart.
 */
export type Forgetting = {
  /** Resolves when all that is known to be destroyed is forgotten everywhere. */
  run(): Promise<void>;
  /** Keys that are gone while copies may still be about. */
  waiting(): Promise<number>;
  /** Gives up what takes long; it goes on at the next start. */
  stop(): void;
};

const keysAtOnce = 200;
const catchUpMs = 60_000;

export function createForgetting(needs: {
  readonly ledger: PersonalDataNeeds['ledger'];
  readonly store: SubjectStore;
  readonly directory: SubjectDirectory;
  readonly destructions: RequestNeeds['destructions'];
  readonly keepers: RequestNeeds['keepers'];
  readonly caughtUp: RequestNeeds['caughtUp'];
  readonly deadline: RequestNeeds['deadline'];
  readonly nowMs: () => number;
  readonly log: Log;
  readonly onForgotten: (forgotten: Forgotten) => Promise<void>;
}): Forgetting {
  const { store, directory } = needs;
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let again = false;

  const forget = async (keyIds: readonly string[]): Promise<void> => {
    let events = 0;
    for await (const found of eventsOf(needs, new Set(keyIds))) {
      stopping.signal.throwIfAborted();
      const ranges = rangesOf(found.map(({ position }) => position));
      for (const keeper of needs.keepers()) await keeper.forget(ranges);
      events += found.length;
    }
    // Told before it is noted: told twice does no harm, not at all would.
    await needs.onForgotten({ keyIds, events });
    await store.markForgotten(keyIds, needs.nowMs());
  };

  const runOnce = async (): Promise<void> => {
    const destroyed = (await needs.destructions?.destroyedKeys()) ?? [];
    const pages = destroyed.filter(({ purpose }) => purpose === 'subject-page').map(({ id }) => id);
    if (pages.length > 0) await directory.forgetPages(pages);
    // Whoever read an event before the keys were gone may still be writing down what it said.
    if ((await store.notForgotten()).length > 0) {
      const signal = AbortSignal.any([stopping.signal, needs.deadline(catchUpMs)]);
      await needs.caughtUp(needs.ledger.head(), signal);
    }
    for (let left = await store.notForgotten(); left.length > 0; left = await store.notForgotten())
      await forget(left.slice(0, keysAtOnce));
  };

  const runAll = async (): Promise<void> => {
    try {
      do {
        again = false;
        await runOnce();
      } while (again);
    } catch (error) {
      if (!stopping.signal.aborted)
        needs.log.warn('Copies of erased personal data are not all gone yet; trying again', {
          reason: messageOf(error),
        });
      throw error;
    } finally {
      running = undefined;
    }
  };

  return {
    async run() {
      if (running !== undefined) {
        again = true;
        return running;
      }
      running = Promise.resolve().then(runAll);
      return running;
    },
    waiting: async () => (await store.notForgotten()).length,
    stop: () => stopping.abort(),
  };
}
