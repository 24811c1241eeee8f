import { setTimeout as wait } from 'node:timers/promises';
import type { RunningServer } from './running-server.ts';
import type { SeededRandom } from './seeded-random.ts';
import { toLines } from './windows-events.ts';
import type { WindowsEvents } from './windows-events.ts';

/** Bodies made beforehand, so that making events is not what is measured. */
export type Batch = { readonly lines: Buffer; readonly events: number };

export function makeBatches(
  events: WindowsEvents,
  random: SeededRandom,
  wanted: { readonly batches: number; readonly least: number; readonly most: number },
): readonly Batch[] {
  return Array.from({ length: wanted.batches }, () => {
    const count = wanted.least + random.integer(wanted.most - wanted.least + 1);
    return { lines: toLines(Array.from({ length: count }, () => events.next())), events: count };
  });
}

export type LoadResult = {
  readonly acknowledged: number;
  readonly refused: number;
  readonly latenciesMs: readonly number[];
  readonly seconds: number;
  /** How late the sender's own one-millisecond timer fired: what this machine makes anybody wait who wants to run. */
  readonly latenessMs: readonly number[];
};

export type Sender = {
  /**
   * Sends at a fixed rate for a time, whatever the answers do (an open loop, so that a slow server cannot slow its own
   * measurement), then waits for the answers still due.
   */
  atRate(eventsPerSecond: number, seconds: number): Promise<LoadResult>;
  /** Sends as fast as answers come, over `connections` at once. */
  asFastAsPossible(connections: number, seconds: number): Promise<LoadResult>;
};

const sources = 32;
/** More requests than this are not left open: past it the server is not keeping up, and the rest would only queue. */
const maxOpen = 200;

export function createSender(server: RunningServer, batches: readonly Batch[]): Sender {
  // As many senders take turns, each numbering its own events: one sender would not have several requests under way.
  const sequences: number[] = Array.from({ length: sources }, () => 0);
  let sent = 0;

  const sendNext = async (into: { acknowledged: number; refused: number; latenciesMs: number[] }): Promise<void> => {
    const batch = batches[sent % batches.length];
    if (batch === undefined) throw new RangeError('there is nothing to send');
    const source = sent % sources;
    sent += 1;
    const first = sequences[source] ?? 0;
    sequences[source] = first + batch.events;
    const start = performance.now();
    try {
      const reply = await server.send(batch.lines, first, `bench-${source}`);
      into.latenciesMs.push(performance.now() - start);
      into.acknowledged += Number(reply['accepted']);
    } catch {
      into.refused += batch.events;
    }
  };

  return {
    async atRate(eventsPerSecond, seconds) {
      const counts = { acknowledged: 0, refused: 0, latenciesMs: [] };
      const open = new Set<Promise<void>>();
      const latenessMs: number[] = [];
      const start = performance.now();
      let due = 0;
      for (;;) {
        const elapsedMs = performance.now() - start;
        if (elapsedMs >= seconds * 1000) break;
        while (due <= (elapsedMs / 1000) * eventsPerSecond) {
          const events = batches[sent % batches.length]?.events ?? 1;
          due += events;
          if (open.size >= maxOpen) {
            counts.refused += events;
            continue;
          }
          const sending = sendNext(counts).finally(() => open.delete(sending));
          open.add(sending);
        }
        const slept = performance.now();
        await wait(1);
        latenessMs.push(Math.max(0, performance.now() - slept - 1));
      }
      await Promise.all(open);
      return { ...counts, latenessMs, seconds: (performance.now() - start) / 1000 };
    },
    async asFastAsPossible(connections, seconds) {
      const counts = { acknowledged: 0, refused: 0, latenciesMs: [] };
      const start = performance.now();
      const lane = async (): Promise<void> => {
        while (performance.now() - start < seconds * 1000) await sendNext(counts);
      };
      await Promise.all(Array.from({ length: connections }, lane));
      return { ...counts, latenessMs: [], seconds: (performance.now() - start) / 1000 };
    },
  };
}

/** Keeps searches of several kinds running, `lanes` at a time, until stopped; says how many were answered. */
export function startSearches(server: RunningServer, lanes: number): { stop(): Promise<number> } {
  const queries = [
    '/v1/events/count?q=svchost',
    '/v1/events?q=raw.EventID:3&limit=50',
    '/v1/events/histogram',
    '/v1/events/top?field=raw.Hostname',
    '/v1/events?q=%22firefox%22&limit=100&sort=oldest',
    '/v1/events/count?q=user:user17',
  ];
  let answered = 0;
  let stopped = false;
  const lane = async (_: unknown, first: number): Promise<void> => {
    for (let turn = first; !stopped; turn += 1) {
      try {
        await server.get(queries[turn % queries.length] ?? '/v1/events');
        answered += 1;
      } catch {
        // A search refused under load is answered less, which the count shows.
        await wait(50);
      }
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, lane));
  return {
    async stop() {
      stopped = true;
      await running;
      return answered;
    },
  };
}
