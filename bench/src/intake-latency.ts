import type { Bench } from './bench.ts';
import { createSender, makeBatches, startSearches } from './load.ts';
import { measureDisk } from './machine.ts';
import { cpuMicrosecondsEach, cpuSeconds, eachProcess } from './process-usage.ts';
import { drain } from './projection-lag.ts';
import { withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import { createSeededRandom } from './seeded-random.ts';
import { latencies, rounded, summarise } from './statistics.ts';
import type { Latencies } from './statistics.ts';
import { createWindowsEvents } from './windows-events.ts';

const targetMs = 50;
const searchLanes = 2;

type CpuRound = ReturnType<typeof cpuSeconds>;

export const intakeLatency: Bench = {
  name: 'intake-latency',
  target: 'From POST /v1/events to the acknowledgement: p99 under 50 ms, also while searches run',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const rate = options.rate ?? 1500;
      const seconds = options.seconds ?? (options.tiny ? 1 : 10);
      const rounds = options.rounds ?? (options.tiny ? 1 : 3);
      const random = createSeededRandom(options.seed);
      const batches = makeBatches(createWindowsEvents(random, Date.now()), random, {
        batches: options.tiny ? 10 : 200,
        least: 10,
        most: 100,
      });
      const disk = measureDisk(directory);
      const server = await startServer(directory, options.profileDirectory);
      try {
        const sender = createSender(server, batches);
        await sender.atRate(rate, options.tiny ? 1 : 5);
        const alone: Latencies[] = [];
        const searching: Latencies[] = [];
        const cpuAlone: CpuRound[] = [];
        const lateness: Latencies[] = [];
        let acknowledged = 0;
        let refused = 0;
        let searches = 0;
        for (let round = 0; round < rounds; round += 1) {
          for (const into of [alone, searching]) {
            const running = into === searching ? startSearches(server, searchLanes) : undefined;
            const cpuBefore = cpuSeconds(server);
            const load = await sender.atRate(rate, seconds);
            searches += (await running?.stop()) ?? 0;
            into.push(latencies(load.latenciesMs));
            lateness.push(latencies(load.latenessMs));
            acknowledged += load.acknowledged;
            refused += load.refused;
            await drain(server, 30);
            if (into === alone) cpuAlone.push(cpuMicrosecondsEach(cpuBefore, cpuSeconds(server), load.acknowledged));
          }
          progress(
            `round ${round + 1}/${rounds}: p50/p99 alone ${shown(alone)} ms, beside searches ${shown(searching)} ms`,
          );
        }
        const p99 = (rounds: readonly Latencies[]): number => summarise(rounds.map((round) => round.p99)).median;
        return {
          processed: acknowledged,
          inputs: {
            events_per_second: rate,
            events_per_request: '10 to 100',
            event_bytes: Math.round(
              batches.reduce((sum, { lines }) => sum + lines.length, 0) /
                batches.reduce((sum, { events }) => sum + events, 0),
            ),
            seconds_per_round: seconds,
            search_lanes: searchLanes,
            seed: options.seed,
            disk,
          },
          figures: {
            alone_ms: figures(alone),
            beside_searches_ms: figures(searching),
            sender_timer_lateness_ms: figures(lateness),
            alone_cpu_microseconds_per_event: eachProcess(
              (name) => summarise(cpuAlone.map((round) => round[name])).median,
            ),
            acknowledged,
            refused,
            searches_answered: searches,
          },
          ratios: {
            p99_alone_to_target: rounded(p99(alone) / targetMs),
            p99_beside_searches_to_target: rounded(p99(searching) / targetMs),
            p99_alone_to_sender_timer_lateness_p99: rounded(p99(alone) / Math.max(0.01, p99(lateness))),
            p99_beside_searches_to_alone: rounded(p99(searching) / p99(alone)),
          },
          notes: [
            'open loop: requests are sent when due, however late the answers are; the sender shares the machine with the server',
            'sender_timer_lateness_ms: what this machine makes a process wait that only wants to run; above a few milliseconds at p99, the latencies are those of a crowded machine',
          ],
        };
      } finally {
        await server.stop();
      }
    }),
};

function figures(rounds: readonly Latencies[]): Record<string, Record<string, number>> {
  return Object.fromEntries(
    (['p50', 'p90', 'p99', 'max'] as const).map((place) => {
      const { median, min, max } = summarise(rounds.map((round) => round[place]));
      return [place, { median: rounded(median), min: rounded(min), max: rounded(max), rounds: rounds.length }];
    }),
  );
}

function shown(rounds: readonly Latencies[]): string {
  const last = rounds.at(-1);
  return last === undefined ? '-' : `${last.p50.toFixed(1)}/${last.p99.toFixed(1)}`;
}
