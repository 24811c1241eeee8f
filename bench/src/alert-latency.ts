import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { createSender, makeBatches } from './load.ts';
import { objectOf, readObject, textOf } from './read-json.ts';
import { withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { createSeededRandom } from './seeded-random.ts';
import { latencies, rounded, summarise } from './statistics.ts';
import type { Latencies } from './statistics.ts';
import { createWindowsEvents, toLines } from './windows-events.ts';
import type { WindowsEvents } from './windows-events.ts';

const targetMs = 250;
const everyMs = 100;
const arrivalLimitMs = 30_000;

export const alertLatency: Bench = {
  name: 'alert-latency',
  target: 'From sending an event that a rule matches to its alert on the stream: p99 under 250 ms',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const rate = options.rate ?? 500;
      const rounds = options.rounds ?? (options.tiny ? 1 : 3);
      const attacks = options.tiny ? 5 : Math.ceil(((options.seconds ?? 15) * 1000) / everyMs);
      const random = createSeededRandom(options.seed);
      const events = createWindowsEvents(random, Date.now());
      const batches = makeBatches(events, random, { batches: options.tiny ? 5 : 100, least: 10, most: 60 });
      const server = await startServer(directory, options.profileDirectory);
      try {
        const stream = watchAlerts(await server.open('/v1/alerts/stream'));
        const probe = createProbe(server, events, stream);
        const sender = createSender(server, batches);
        await probe.run(5);
        const alone: Latencies[] = [];
        const loaded: Latencies[] = [];
        let missed = 0;
        for (let round = 0; round < rounds; round += 1) {
          for (const into of [alone, loaded]) {
            const load = into === loaded ? sender.atRate(rate, (attacks * everyMs) / 1000) : Promise.resolve(undefined);
            const found = await probe.run(attacks);
            await load;
            missed += attacks - found.length;
            if (found.length > 0) into.push(latencies(found));
          }
          progress(
            `round ${round + 1}/${rounds}: p99 alone ${lastP99(alone)} ms, beside ${rate} events/s ${lastP99(loaded)} ms, missed ${missed}`,
          );
        }
        stream.close();
        const seen = [...alone, ...loaded].reduce((sum, { count }) => sum + count, 0);
        return {
          processed: missed === 0 ? seen : 0,
          inputs: { attacks_per_round: attacks, every_ms: everyMs, load_events_per_second: rate, seed: options.seed },
          figures: {
            alone_ms: figures(alone),
            beside_load_ms: figures(loaded),
            alerts_seen: seen,
            alerts_missed: missed,
          },
          ratios: {
            p99_alone_to_target: rounded(summarise(alone.map(({ p99 }) => p99)).median / targetMs),
            p99_beside_load_to_target: rounded(summarise(loaded.map(({ p99 }) => p99)).median / targetMs),
          },
          notes: ['one missed alert fails the bench', 'alone: only the matching events, one at a time'],
        };
      } finally {
        await server.stop();
      }
    }),
};

type AlertStream = { arrivedAtMs(input: string, limitMs: number): Promise<number | undefined>; close(): void };

/** Notes when the alert of each input arrived; an alert may come before the acknowledgement that names its input. */
function watchAlerts(response: IncomingMessage): AlertStream {
  const arrived = new Map<string, number>();
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const now = performance.now();
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue;
      const input = textOf(readObject(line.slice(6))['input']);
      if (!arrived.has(input)) arrived.set(input, now);
    }
  });
  response.on('error', () => undefined);
  return {
    async arrivedAtMs(input, limitMs) {
      const start = performance.now();
      while (!arrived.has(input) && performance.now() - start < limitMs) await wait(2);
      return arrived.get(input);
    },
    close: () => void response.destroy(),
  };
}

function createProbe(
  server: RunningServer,
  events: WindowsEvents,
  stream: AlertStream,
): { run(attacks: number): Promise<number[]> } {
  let sequence = 0;
  const one = async (): Promise<number | undefined> => {
    const mine = sequence;
    sequence += 1;
    const lines = toLines([events.attackEvent()]);
    const start = performance.now();
    const reply = await server.send(lines, mine, 'bench-attacks');
    const [run] = Array.isArray(reply['runs']) ? reply['runs'].map(objectOf) : [];
    if (run === undefined) return undefined;
    const arrived = await stream.arrivedAtMs(`${textOf(run['log'])}/${textOf(run['index'])}`, arrivalLimitMs);
    return arrived === undefined ? undefined : arrived - start;
  };
  return {
    async run(attacks) {
      const waiting: Promise<number | undefined>[] = [];
      for (let attack = 0; attack < attacks; attack += 1) {
        waiting.push(one());
        await wait(everyMs);
      }
      return (await Promise.all(waiting)).filter((latency) => latency !== undefined);
    },
  };
}

function figures(rounds: readonly Latencies[]): Record<string, Record<string, number>> {
  return Object.fromEntries(
    (['p50', 'p99', 'max'] as const).map((place) => {
      const { median, min, max } = summarise(rounds.map((round) => round[place]));
      return [place, { median: rounded(median), min: rounded(min), max: rounded(max), rounds: rounds.length }];
    }),
  );
}

function lastP99(rounds: readonly Latencies[]): string {
  return rounds.at(-1)?.p99.toFixed(0) ?? '-';
}
