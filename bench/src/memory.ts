import { setTimeout as wait } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { createSender, makeBatches, startSearches } from './load.ts';
import { eachProcess, residentMebibytes } from './process-usage.ts';
import { drain } from './projection-lag.ts';
import { withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import type { ProcessName, RunningServer } from './running-server.ts';
import { createSeededRandom } from './seeded-random.ts';
import { rounded, summarise } from './statistics.ts';
import { createWindowsEvents } from './windows-events.ts';

type Memory = Record<ProcessName, number>;
type Round = { readonly idle: Memory; readonly most: Memory; readonly after: Memory };

const settleMs = 5000;

export const memory: Bench = {
  name: 'memory',
  target: 'Bounded memory of each process: idle, at most under load with searches, and after it',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const rate = options.rate ?? 1500;
      const seconds = options.seconds ?? (options.tiny ? 1 : 30);
      const rounds = options.rounds ?? (options.tiny ? 1 : 2);
      const random = createSeededRandom(options.seed);
      const batches = makeBatches(createWindowsEvents(random, Date.now()), random, {
        batches: options.tiny ? 5 : 60,
        least: 100,
        most: 300,
      });
      const found: Round[] = [];
      let acknowledged = 0;
      for (let round = 0; round < rounds; round += 1) {
        // A fresh server each round: what the first load leaves behind would be the second one's idle state.
        const server = await startServer(`${directory}/${round}`);
        try {
          await wait(options.tiny ? 0 : settleMs);
          const idle = residentMebibytes(server);
          const watch = watchMost(server);
          const searches = startSearches(server, 1);
          const load = await createSender(server, batches).atRate(rate, seconds);
          await searches.stop();
          await drain(server, 120);
          const most = await watch.stop();
          acknowledged += load.acknowledged;
          await wait(options.tiny ? 0 : settleMs);
          found.push({ idle, most, after: residentMebibytes(server) });
          progress(`round ${round + 1}/${rounds}: ${JSON.stringify(found.at(-1))} MiB`);
        } finally {
          await server.stop();
        }
      }
      const of = (state: keyof Round): Record<ProcessName, Record<string, number>> =>
        eachProcess((name) => ({ ...summarise(found.map((round) => round[state][name])) }));
      const middle = (state: keyof Round, name: ProcessName): number =>
        summarise(found.map((round) => round[state][name])).median;
      return {
        processed: acknowledged,
        inputs: { events_per_second: rate, seconds, search_lanes: 1, seed: options.seed },
        figures: {
          idle_mebibytes: of('idle'),
          most_under_load_mebibytes: of('most'),
          after_load_mebibytes: of('after'),
          acknowledged,
        },
        ratios: {
          most_to_idle: eachProcess((name) => rounded(middle('most', name) / middle('idle', name))),
          after_to_idle: eachProcess((name) => rounded(middle('after', name) / middle('idle', name))),
        },
        notes: ['resident set size; pages shared between the three Node processes are counted in each'],
      };
    }),
};

function watchMost(server: RunningServer): { stop(): Promise<Memory> } {
  let most = residentMebibytes(server);
  let stopped = false;
  const watching = (async (): Promise<void> => {
    while (!stopped) {
      await wait(200);
      const now = residentMebibytes(server);
      const before = most;
      most = eachProcess((name) => Math.max(before[name], now[name]));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await watching;
      return most;
    },
  };
}
