import { setTimeout as delay } from 'node:timers/promises';
import { markedLine } from './marked-events.ts';
import type { MatchedRule } from './marked-events.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** What became of one event, as far as its sender knows. */
export type SentEvent = {
  readonly marker: string;
  readonly matches: boolean;
  /** Where the server said it stands; undefined when it never acknowledged it. */
  position: string | undefined;
};

export type LoadTotals = { acknowledged: number; resent: number; abandoned: number; refused: number };

export type SteadyLoad = {
  readonly events: readonly SentEvent[];
  readonly totals: LoadTotals;
  /** Ends once the batches under way are acknowledged; rejects when an answer was not as promised. */
  stop(): Promise<void>;
  /** Ends at once. */
  giveUp(): void;
};

type Acknowledgement = { runs: { sequence: number; log: number; index: number; count: number }[] };

/**
 * Several sources sending batches without end, each again with the same numbers until it is acknowledged. Now and then a
 * sender gives a failed batch up for good and goes on behind it: its events may be recorded once or not at all.
 */
export function startSteadyLoad(options: {
  readonly server: ServerUnderTest;
  readonly random: SeededRandom;
  readonly sources: readonly string[];
  readonly rule: MatchedRule;
  readonly pauseMs: number;
}): SteadyLoad {
  const { server, random, rule } = options;
  const events: SentEvent[] = [];
  const totals: LoadTotals = { acknowledged: 0, resent: 0, abandoned: 0, refused: 0 };
  let stopping = false;
  let givenUp = false;

  const send = async (source: string): Promise<void> => {
    for (let sequence = 0; !stopping;) {
      const count = random.chance(0.05) ? random.between(200, 400) : random.between(1, 20);
      const batch = Array.from({ length: count }, (_, at): SentEvent => {
        const marker = `load-${source}-${String(sequence + at).padStart(7, '0')}.`;
        return { marker, matches: random.chance(0.08), position: undefined };
      });
      events.push(...batch);
      const body = batch
        .map(({ marker, matches }) => markedLine(marker, matches ? rule : undefined, 'web-1'))
        .join('\n');
      const isAcknowledged = await deliver(source, sequence, batch, body);
      if (!isAcknowledged) totals.abandoned += 1;
      sequence += count;
      await delay(options.pauseMs);
    }
  };

  const deliver = async (source: string, sequence: number, batch: SentEvent[], body: string): Promise<boolean> => {
    for (let attempt = 0; ; attempt += 1) {
      if (givenUp) throw new Error('Given up');
      if (attempt > 0) totals.resent += 1;
      const text = await post(source, sequence, body);
      if (text !== undefined) {
        const reply: Acknowledgement = JSON.parse(text);
        place(reply, sequence, batch);
        totals.acknowledged += batch.length;
        return true;
      }
      if (attempt === 0 && random.chance(0.1)) return false;
      await delay(50);
    }
  };

  const post = async (source: string, sequence: number, body: string): Promise<string | undefined> => {
    try {
      const answer = await server.ask({
        path: `/v1/events?source=${source}&sequence=${sequence}`,
        key: server.keys().ingest,
        headers: { 'content-type': 'application/x-ndjson' },
        body,
        timeoutMs: 15_000,
      });
      if (answer.status === 200) return answer.text;
      totals.refused += 1;
      // Anything else than "come back" would be a lie to a sender that did nothing wrong.
      if (answer.status !== 503) throw new UnexpectedAnswer(`${answer.status} ${answer.text}`);
      return undefined;
    } catch (error) {
      if (error instanceof UnexpectedAnswer) throw error;
      return undefined;
    }
  };

  const running = Promise.all(options.sources.map(send));
  // Told by stop(); until then nobody listens.
  running.catch(() => undefined);
  return {
    events,
    totals,
    async stop() {
      stopping = true;
      await running;
    },
    giveUp() {
      stopping = true;
      givenUp = true;
    },
  };
}

class UnexpectedAnswer extends Error {}

function place({ runs }: Acknowledgement, sequence: number, batch: readonly SentEvent[]): void {
  for (const run of runs) {
    for (let at = 0; at < run.count; at += 1) {
      const event = batch[run.sequence + at - sequence];
      if (event === undefined)
        throw new Error(`An acknowledgement names number ${run.sequence + at}, which was not sent`);
      if (event.position !== undefined) throw new Error(`An acknowledgement names number ${run.sequence + at} twice`);
      event.position = `${run.log}/${run.index + at}`;
    }
  }
  const missing = batch.findIndex(({ position }) => position === undefined);
  if (missing >= 0) throw new Error(`A 200 says nothing of number ${sequence + missing}`);
}
