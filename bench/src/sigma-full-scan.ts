import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadBundledRules } from '@sallyport/content';
import type { JsonObject } from '@sallyport/contracts';
import { createFullScan, parseSigmaRules, sigmaEventOf } from '@sallyport/sigma-rules';
import type { SigmaRule } from '@sallyport/sigma-rules';
import type { Bench } from './bench.ts';
import { readObject } from './read-json.ts';
import { sharedDirectory } from './repository.ts';
import { createSeededRandom } from './seeded-random.ts';
import { rounded, summarise } from './statistics.ts';
import { createWindowsEvents } from './windows-events.ts';

export const sigmaFullScan: Bench = {
  name: 'sigma-full-scan',
  target:
    'Rules times events a second of the plain full scan, on one core, on structured Windows events: the measure for faster evaluators',
  async run({ options, progress }) {
    const rounds = options.rounds ?? (options.tiny ? 1 : 5);
    const millisecondsEach = options.tiny ? 100 : (options.seconds ?? 3) * 1000;
    const events = createWindowsEvents(createSeededRandom(options.seed), Date.UTC(2026, 10, 21));
    const texts = Array.from({ length: options.tiny ? 50 : 2000 }, (_, order) =>
      JSON.stringify(order % 500 === 0 ? events.attackEvent() : events.next()),
    );
    const sets = [
      { name: 'bundled', rules: await bundledRules() },
      ...(existsSync(join(sharedDirectory, 'sigma')) ? [{ name: 'sigmahq', rules: sigmaHqRules() }] : []),
    ];
    const figures: Record<string, JsonObject> = {};
    const ratios: Record<string, JsonObject> = {};
    const parsing = perSecond(rounds, millisecondsEach, texts, readObject);
    const flattening = perSecond(rounds, millisecondsEach, texts, (text) => sigmaEventOf(readObject(text)));
    let scanned = 0;
    for (const { name, rules } of sets) {
      const scan = createFullScan(rules);
      let matches = 0;
      let looked = 0;
      const speeds = perSecond(rounds, millisecondsEach, texts, (text) => {
        looked += 1;
        matches += scan.match(readObject(text)).length;
      });
      const { median, min, max } = summarise(speeds);
      figures[name] = {
        rules: rules.length,
        events_per_second: { median: rounded(median), min: rounded(min), max: rounded(max), rounds },
        rules_times_events_per_second: rounded(median * rules.length),
        nanoseconds_per_rule_and_event: rounded(1e9 / (median * rules.length)),
        matches_per_thousand_events: rounded((matches / looked) * 1000),
      };
      ratios[name] = {
        to_parsing_alone: rounded(median / summarise(parsing).median),
        to_parsing_and_flattening_alone: rounded(median / summarise(flattening).median),
      };
      scanned += rules.length === 0 ? 0 : looked;
      progress(`${name}: ${rules.length} rules, ${rounded(median)} events/s`);
    }
    return {
      processed: scanned,
      inputs: {
        events: texts.length,
        event_bytes: Math.round(texts.reduce((sum, text) => sum + text.length, 0) / texts.length),
        seconds_per_round: millisecondsEach / 1000,
        seed: options.seed,
      },
      figures: {
        ...figures,
        parsing_events_per_second: { ...summarise(parsing.map(rounded)) },
        flattening_events_per_second: { ...summarise(flattening.map(rounded)) },
      },
      ratios,
      notes: [
        'each event is parsed from JSON text and scanned with every rule whose log source does not contradict it; one thread',
        'the limit of the same run is parsing alone: no evaluator of JSON text is faster',
        ...(sets.length === 1 ? ['the SigmaHQ corpus is not present beside this checkout: not measured'] : []),
      ],
    };
  },
};

/** Passes through all the texts again and again; each round gives one figure. The first pass only warms up. */
function perSecond(
  rounds: number,
  milliseconds: number,
  texts: readonly string[],
  use: (text: string) => void,
): number[] {
  let at = 0;
  const round = (limitMs: number): number => {
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < limitMs) {
      for (let step = 0; step < 10; step += 1) {
        use(texts[at % texts.length] ?? '{}');
        at += 1;
        count += 1;
      }
    }
    return count / ((performance.now() - start) / 1000);
  };
  round(Math.min(milliseconds, 1000));
  return Array.from({ length: rounds }, () => round(milliseconds));
}

async function bundledRules(): Promise<SigmaRule[]> {
  const files = await loadBundledRules({
    listFiles: (directory) => readdir(directory, { recursive: true }),
    readText: (path) => readFile(path, 'utf8'),
  });
  return files.flatMap(({ file, text }) => [...parseSigmaRules(text, { file }).rules]);
}

function sigmaHqRules(): SigmaRule[] {
  const root = join(sharedDirectory, 'sigma');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yml'))
    .toSorted()
    .flatMap((file) => [...parseSigmaRules(readFileSync(join(root, file), 'utf8'), { file }).rules]);
}
