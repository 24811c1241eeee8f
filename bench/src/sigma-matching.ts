import { existsSync, globSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@sallyport/contracts';
import { createFullScan, createIndexedMatcher, loadSigmaRuleSet } from '@sallyport/sigma-rules';
import type { Bench } from './bench.ts';
import { readObject } from './read-json.ts';
import { sharedDirectory } from './repository.ts';
import { createSeededRandom } from './seeded-random.ts';
import { createSigmaLanes } from './sigma-lanes.ts';
import type { SigmaLane } from './sigma-lanes.ts';
import { rounded, summarise } from './statistics.ts';

/** How a lane's speed was measured: by processor time of this process, which other work on the machine hardly changes. */
type Speed = { readonly eventsPerSecond: number; readonly matches: number };

/** The full scan is so slow that a part of the events must do. */
const fullScanEvents = 150;

export const sigmaMatching: Bench = {
  name: 'sigma-matching',
  target:
    'The whole SigmaHQ corpus on one core: twice the events a second of rsigma on structured Windows events, the same matches as the full scan',
  async run({ options, progress }) {
    const root = join(sharedDirectory, 'sigma');
    if (!existsSync(root)) return nothing(`the rules ${root} are not there`);
    const rounds = options.rounds ?? (options.tiny ? 1 : 5);
    const heapBefore = process.memoryUsage().heapUsed;
    const startedAt = performance.now();
    const cpuAtStart = cpuMs();
    const sources = readSources(root);
    const readMs = performance.now() - startedAt;
    const parsing = timed(() => loadSigmaRuleSet(sources));
    const { rules, refusals } = parsing.result;
    const indexing = timed(() => createIndexedMatcher(rules));
    const matcher = indexing.result;
    const memory = memoryFigures(heapBefore);
    const coldLoad = { wall: performance.now() - startedAt, cpu: cpuMs() - cpuAtStart };
    const warm = timed(() => createIndexedMatcher(loadSigmaRuleSet(sources).rules));
    progress(`${rules.length} rules loaded in ${Math.round(coldLoad.wall)} ms`);

    const lanes = createSigmaLanes(createSeededRandom(options.seed), options.tiny ? 200 : 10_000);
    const recorded = recordedLanes(options.tiny);
    const figures: Record<string, JsonObject> = {};
    const ratios: Record<string, number> = {};
    let processed = 0;
    const fullScan = createFullScan(rules);
    for (const { name, texts, source } of [...lanes, ...recorded]) {
      const records = texts.map(readObject);
      measure(texts.length, () => count(texts, (text) => matcher.match(readObject(text), source).length));
      const speeds = Array.from({ length: rounds }, () =>
        measure(texts.length, () => count(texts, (text) => matcher.match(readObject(text), source).length)),
      );
      const parsed = Array.from({ length: rounds }, () =>
        measure(texts.length, () => count(records, (record) => matcher.match(record, source).length)),
      );
      const parsingOnly = measure(texts.length, () => count(texts, (text) => (readObject(text) === undefined ? 1 : 0)));
      const part = texts.slice(0, fullScanEvents);
      const slow = measure(part.length, () => count(part, (text) => fullScan.match(readObject(text), source).length));
      const quick = count(part, (text) => matcher.match(readObject(text), source).length);
      if (quick !== slow.matches)
        throw new Error(`${name}: the index gives ${quick} matches, the full scan ${slow.matches}`);
      const { median, min, max } = summarise(speeds.map(({ eventsPerSecond }) => eventsPerSecond));
      figures[name] = {
        events: texts.length,
        event_bytes: Math.round(texts.reduce((sum, text) => sum + text.length, 0) / texts.length),
        events_per_second: { median: rounded(median), min: rounded(min), max: rounded(max), rounds },
        without_parsing_events_per_second: rounded(
          summarise(parsed.map(({ eventsPerSecond }) => eventsPerSecond)).median,
        ),
        parsing_alone_events_per_second: rounded(parsingOnly.eventsPerSecond),
        full_scan_events_per_second: rounded(slow.eventsPerSecond),
        matches: speeds[0]?.matches ?? 0,
      };
      ratios[`${name}_to_full_scan`] = rounded(median / slow.eventsPerSecond);
      processed += texts.length;
      progress(`${name}: ${rounded(median)} events/s, ${rounded(slow.eventsPerSecond)} by full scan`);
    }
    return {
      processed,
      inputs: { rules: rules.length, refused: refusals.length, rule_files: sources.length, seed: options.seed },
      figures: {
        ...figures,
        load: {
          reading_files_ms: Math.round(readMs),
          parsing_cpu_ms: Math.round(parsing.cpu),
          indexing_cpu_ms: Math.round(indexing.cpu),
          cold_ms: Math.round(coldLoad.wall),
          cold_cpu_ms: Math.round(coldLoad.cpu),
          warm_cpu_ms: Math.round(warm.cpu),
        },
        memory_after_load: memory,
        memory_after_all: memoryFigures(heapBefore),
      },
      ratios,
      notes: [
        'one thread; speeds are by processor time of the process, garbage collection included; the first pass over a lane, in which its plan is made, is not counted',
        'routed: the log source is given with the event; otherwise it is told from the event, and what cannot be told is asked of every rule',
        'the matches of the first events of each lane were held against those of the full scan in this run',
      ],
    };
  },
};

function nothing(note: string) {
  return { processed: 0, inputs: {}, figures: {}, ratios: {}, notes: [note] };
}

function readSources(root: string): { file: string; text: string }[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yml'))
    .toSorted()
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
}

/** What was recorded of real attacks, where it is at hand. */
function recordedLanes(tiny: boolean): SigmaLane[] {
  const regression = join(sharedDirectory, 'sigma-regression');
  const nested = globSync('**/*.json', { cwd: regression })
    .toSorted()
    .flatMap((file) => readFileSync(join(regression, file), 'utf8').split(/\n(?=\{)/))
    .map((text) => JSON.stringify(readObject(text)));
  const trail = join(sharedDirectory, 'cloudtrail', 'CloudTrail');
  const records = globSync('*.json', { cwd: trail })
    .toSorted()
    .slice(0, tiny ? 2 : undefined)
    .flatMap((file) => {
      const { Records: found } = readObject(readFileSync(join(trail, file), 'utf8'));
      return Array.isArray(found) ? found.map((record) => JSON.stringify(record)) : [];
    });
  return [
    { name: 'nested_event_json', texts: repeated(nested, tiny ? 1 : 20) },
    { name: 'cloudtrail', texts: records },
  ].filter(({ texts }) => texts.length > 0);
}

function repeated<Item>(items: readonly Item[], times: number): Item[] {
  return Array.from({ length: times }, () => items).flat();
}

function count<Item>(items: readonly Item[], matchesOf: (item: Item) => number): number {
  let matches = 0;
  for (const item of items) matches += matchesOf(item);
  return matches;
}

function measure(events: number, run: () => number): Speed {
  const { result, cpu } = timed(run);
  return { eventsPerSecond: events / (Math.max(cpu, 0.001) / 1000), matches: result };
}

function timed<Result>(run: () => Result): { readonly result: Result; readonly cpu: number } {
  const start = cpuMs();
  const result = run();
  return { result, cpu: cpuMs() - start };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function memoryFigures(heapBefore: number): JsonObject {
  return {
    heap_growth_mb: Math.round((process.memoryUsage().heapUsed - heapBefore) / 1e6),
    resident_mb: Math.round(process.memoryUsage().rss / 1e6),
  };
}
