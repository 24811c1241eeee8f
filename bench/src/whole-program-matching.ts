import { cpSync, existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { runStep } from './intake-sustained.ts';
import type { Step } from './intake-sustained.ts';
import { createSender, makeBatches } from './load.ts';
import { measureDisk } from './machine.ts';
import { drain } from './projection-lag.ts';
import { objectOf } from './read-json.ts';
import { sharedDirectory, withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import { createSeededRandom } from './seeded-random.ts';
import { rounded } from './statistics.ts';
import { createWindowsEvents } from './windows-events.ts';

const rates = [500, 1000, 1500, 2000, 3000, 4000, 6000, 8000, 10_000];
const drainLimitSeconds = 180;
const attackEvery = 200;
/** Thousands of rules are loaded first, in each of its threads. */
const startLimitMs = 300_000;

/** The whole SigmaHQ corpus as own rules of a running server: what comes in through HTTP, is sealed, stored, matched and told. */
export const wholeProgramMatching: Bench = {
  name: 'whole-program-matching',
  target:
    'The whole server with the SigmaHQ corpus in force beside the bundled rules, 2 cores, events of 2 kB through HTTP: as many as without it, lag bounded',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const corpus = join(sharedDirectory, 'sigma');
      if (!existsSync(corpus)) throw new Error(`Cannot run the bench: the rules ${corpus} are not there`);
      const files = globSync('**/*.yml', { cwd: corpus }).length;
      cpSync(corpus, join(directory, 'data', 'rules'), { recursive: true });
      const seconds = options.seconds ?? (options.tiny ? 2 : 20);
      const random = createSeededRandom(options.seed);
      const events = createWindowsEvents(random, Date.now());
      let made = 0;
      const mixed = {
        next: () => ((made += 1) % attackEvery === 0 ? events.attackEvent() : events.next()),
        attackEvent: events.attackEvent,
      };
      const batches = makeBatches(mixed, random, { batches: options.tiny ? 5 : 60, least: 200, most: 400 });
      const disk = measureDisk(directory);
      const server = await startServer(directory, options.profileDirectory, startLimitMs);
      try {
        const before = objectOf((await server.get('/v1/health'))['detection']);
        const sender = createSender(server, batches);
        await sender.atRate(200, options.tiny ? 1 : 5);
        await drain(server, drainLimitSeconds);
        const taken: Step[] = [];
        for (const rate of options.rate === undefined ? (options.tiny ? [200] : rates) : [options.rate]) {
          const step = await runStep(server, sender, rate, seconds);
          taken.push(step);
          progress(
            `${rate} events/s: ${step.isSustained ? 'bounded' : 'not sustained'} ${JSON.stringify(step.report)}`,
          );
          if (!step.isSustained) break;
        }
        const after = objectOf((await server.get('/v1/health'))['detection']);
        const sustained = Math.max(0, ...taken.filter((step) => step.isSustained).map((step) => step.rate));
        return {
          processed: taken.reduce((sum, step) => sum + step.acknowledged, 0),
          inputs: { rule_files: files, seconds_per_step: seconds, attack_every: attackEvery, seed: options.seed, disk },
          figures: {
            sustained_events_per_second: sustained,
            detection_before: before,
            detection_after: after,
            steps: taken.map(({ report }) => report),
          },
          ratios: { sustained_to_10_000: rounded(sustained / 10_000) },
          notes: [
            'a rate is sustained as in intake-sustained: nothing refused, lag growing by under 5 % of the rate in the second half and under 3 seconds at the end',
            'sender and server share the cores; cpu_microseconds_per_event does not depend on that',
          ],
        };
      } finally {
        await server.stop();
      }
    }),
};
