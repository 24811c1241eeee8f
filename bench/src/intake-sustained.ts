import type { JsonObject } from '@sallyport/contracts';
import type { Bench } from './bench.ts';
import { createSender, makeBatches } from './load.ts';
import type { Sender } from './load.ts';
import { measureDisk } from './machine.ts';
import { cpuMicrosecondsEach, cpuSeconds } from './process-usage.ts';
import { drain, watchLag } from './projection-lag.ts';
import type { LagSample } from './projection-lag.ts';
import { withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { createSeededRandom } from './seeded-random.ts';
import { latencies, rounded, slope, summarise } from './statistics.ts';
import { createWindowsEvents } from './windows-events.ts';

const sustainedTarget = 15_000;
const burstTarget = 50_000;
const steps = [500, 1000, 1500, 2000, 3000, 4000, 6000, 8000, 10_000, 15_000, 20_000];
const burstConnections = 8;
const drainLimitSeconds = 120;

export type Step = {
  readonly rate: number;
  readonly isSustained: boolean;
  readonly report: JsonObject;
  readonly acknowledged: number;
};

export const intakeSustained: Bench = {
  name: 'intake-sustained',
  target:
    'Everything on, events of 2 kB, 2 cores: 15,000 events a second with bounded lag, 50,000 a second acknowledged in bursts',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const seconds = options.seconds ?? (options.tiny ? 2 : 20);
      const rounds = options.rounds ?? (options.tiny ? 1 : 3);
      const random = createSeededRandom(options.seed);
      const batches = makeBatches(createWindowsEvents(random, Date.now()), random, {
        batches: options.tiny ? 5 : 60,
        least: 200,
        most: 400,
      });
      const disk = measureDisk(directory);
      const server = await startServer(directory, options.profileDirectory);
      try {
        const sender = createSender(server, batches);
        await sender.atRate(500, options.tiny ? 1 : 5);
        await drain(server, drainLimitSeconds);

        const taken: Step[] = [];
        for (const rate of options.rate === undefined ? (options.tiny ? [200] : steps) : [options.rate]) {
          const step = await runStep(server, sender, rate, seconds);
          taken.push(step);
          progress(
            `${rate} events/s: ${step.isSustained ? 'bounded' : 'not sustained'} ${JSON.stringify(step.report)}`,
          );
          if (!step.isSustained) break;
        }
        const bursts: Burst[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const burst = await runBurst(server, sender, options.tiny ? 1 : 5);
          bursts.push(burst);
          progress(`burst ${round + 1}/${rounds}: ${JSON.stringify(burst)}`);
        }
        const sustained = Math.max(0, ...taken.filter((step) => step.isSustained).map((step) => step.rate));
        const burst = summarise(bursts.map((each) => each.perSecond));
        return {
          processed: taken.reduce((sum, step) => sum + step.acknowledged, 0),
          inputs: {
            event_bytes: Math.round(
              batches.reduce((sum, { lines }) => sum + lines.length, 0) /
                batches.reduce((sum, { events }) => sum + events, 0),
            ),
            events_per_request: '200 to 400',
            seconds_per_step: seconds,
            burst_connections: burstConnections,
            seed: options.seed,
            disk,
          },
          figures: {
            sustained_events_per_second: sustained,
            steps: taken.map(({ report }) => report),
            burst_acknowledged_per_second: {
              median: rounded(burst.median),
              min: rounded(burst.min),
              max: rounded(burst.max),
              rounds,
            },
            projection_events_per_second_after_burst: capacities(bursts),
            bursts: bursts.map((each) => ({ ...each })),
          },
          ratios: {
            sustained_to_target: rounded(sustained / sustainedTarget),
            burst_to_target: rounded(burst.median / burstTarget),
          },
          notes: [
            'a rate is sustained when nothing was refused, every projection grew its backlog by under 5 % of the rate in the second half, and none is over 3 seconds behind at the end',
            'projection_events_per_second_after_burst: what each projection works off once nothing comes in; the slowest bounds what can be sustained',
            'sender and server share the cores; cpu_microseconds_per_event does not depend on that',
          ],
        };
      } finally {
        await server.stop();
      }
    }),
};

export async function runStep(server: RunningServer, sender: Sender, rate: number, seconds: number): Promise<Step> {
  const cpuBefore = cpuSeconds(server);
  const watch = watchLag(server, 500);
  const load = await sender.atRate(rate, seconds);
  const samples = await watch.stop();
  const rest = await drain(server, drainLimitSeconds);
  const cpu = cpuMicrosecondsEach(cpuBefore, cpuSeconds(server), load.acknowledged);
  const lag = describeLag(samples);
  const isSustained =
    load.refused === 0 &&
    load.seconds < seconds + 3 &&
    Object.values(lag).every(({ growth, last }) => growth < 0.05 * rate && last < 3 * rate);
  return {
    rate,
    isSustained,
    acknowledged: load.acknowledged,
    report: {
      rate,
      sustained: isSustained,
      acknowledged_per_second: rounded(load.acknowledged / load.seconds),
      refused: load.refused,
      acknowledgement_p99_ms: load.latenciesMs.length === 0 ? null : rounded(latencies(load.latenciesMs).p99),
      lag: Object.fromEntries(
        Object.entries(lag).map(([name, { growth, last, most }]) => [
          name,
          { growth_per_second: rounded(growth), at_end: last, most },
        ]),
      ),
      seconds_to_catch_up: rest.drained ? rounded(rest.seconds) : null,
      cpu_microseconds_per_event: cpu,
    },
  };
}

/** Growth is judged in the second half: the first fills pipelines. */
function describeLag(samples: readonly LagSample[]): Record<string, { growth: number; last: number; most: number }> {
  const half = samples.slice(Math.floor(samples.length / 2));
  const names = Object.keys(samples.at(-1)?.lag ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const of = (sample: LagSample): number => sample.lag[name] ?? 0;
      const growth = slope(half.map((sample) => ({ x: sample.atSeconds, y: of(sample) })));
      const last = samples.at(-1);
      return [name, { growth, last: last === undefined ? 0 : of(last), most: Math.max(0, ...samples.map(of)) }];
    }),
  );
}

type Burst = {
  readonly perSecond: number;
  readonly refused: number;
  readonly secondsToCatchUp: number | null;
  readonly projections: Readonly<Record<string, number>>;
  readonly cpuMicroseconds: Readonly<Record<string, number>>;
};

async function runBurst(server: RunningServer, sender: Sender, seconds: number): Promise<Burst> {
  const cpuBefore = cpuSeconds(server);
  const load = await sender.asFastAsPossible(burstConnections, seconds);
  const rest = await drain(server, drainLimitSeconds);
  return {
    perSecond: rounded(load.acknowledged / load.seconds),
    refused: load.refused,
    secondsToCatchUp: rest.drained ? rounded(rest.seconds) : null,
    projections: Object.fromEntries(Object.entries(rest.perSecond).map(([name, value]) => [name, rounded(value)])),
    cpuMicroseconds: cpuMicrosecondsEach(cpuBefore, cpuSeconds(server), load.acknowledged),
  };
}

function capacities(bursts: readonly Burst[]): JsonObject {
  const names = new Set(bursts.flatMap(({ projections }) => Object.keys(projections)));
  return Object.fromEntries(
    [...names].map((name) => {
      const { median, min, max, rounds } = summarise(bursts.flatMap(({ projections }) => projections[name] ?? []));
      return [name, { median, min, max, rounds }];
    }),
  );
}
