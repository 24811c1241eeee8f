import { createCorrelationEngine, defaultCorrelationLimits } from '@sallyport/sigma-rules';
import type { CorrelationDefinition } from '@sallyport/sigma-rules';
import type { JsonObject } from '@sallyport/contracts';
import type { Bench } from './bench.ts';
import { createSeededRandom } from './seeded-random.ts';
import { rounded } from './statistics.ts';

const keyCharacters = 22;

const defaults = { ruleIds: ['r'], groupBy: ['g'], timespanMs: 3_600_000, delayMs: 0, percentile: undefined } as const;
const kinds: Readonly<
  Record<'event_count' | 'value_count' | 'temporal' | 'event_count_closing', CorrelationDefinition>
> = {
  event_count: {
    ...defaults,
    type: 'event_count',
    condition: { kind: 'number', bounds: [{ operator: 'gte', number: 5 }] },
    evaluation: 'sliding',
    fingerprint: 'event_count',
  },
  value_count: {
    ...defaults,
    type: 'value_count',
    condition: { kind: 'number', bounds: [{ operator: 'gte', number: 5 }] },
    evaluation: 'sliding',
    fingerprint: 'value_count',
  },
  temporal: {
    ...defaults,
    type: 'temporal',
    ruleIds: ['r', 's', 't'],
    condition: { kind: 'number', bounds: [{ operator: 'gte', number: 3 }] },
    evaluation: 'sliding',
    fingerprint: 'temporal',
  },
  event_count_closing: {
    ...defaults,
    type: 'event_count',
    condition: { kind: 'number', bounds: [{ operator: 'lt', number: 2 }] },
    evaluation: 'closing',
    fingerprint: 'closing',
  },
};

/** Matches of random groups against one correlation, each an event of its own, a thousand a second of ledger time. */
export const correlation: Bench = {
  name: 'correlation',
  target: '500,000 inputs/s on one core for event_count; at most 300 bytes a group; bounded at 1,000,000 live groups',
  async run({ options, progress }) {
    const figures: Record<string, JsonObject> = {};
    let processed = 0;
    const notes = [
      'inputs_per_cpu_second is without the time to make the texts of the keys, which is measured alone in the same run',
      'bytes_per_group counts keys, tables and rows; run with --expose-gc, else it counts garbage as well',
    ];
    const ratios: Record<string, number> = {};
    for (const groups of options.tiny ? [1_000] : [10_000, 100_000, 1_000_000]) {
      const inputs = options.tiny ? 5_000 : Math.max(300_000, groups * 2);
      const keys = Buffer.from(Array.from({ length: groups }, (_, index) => keyOf(index)).join(''));
      for (const [kind, definition] of Object.entries(kinds)) {
        const measured = measure({ definition, keys, inputs, late: false });
        processed += inputs;
        figures[`${kind}_${groups}`] = measured;
        progress(`${kind}, ${groups} groups: ${JSON.stringify(measured)}`);
      }
      ratios[`event_count_${groups}_to_target`] = rounded(rateOf(figures[`event_count_${groups}`]) / 500_000);
      const late = measure({ definition: kinds.event_count, keys, inputs, late: true });
      processed += inputs;
      figures[`event_count_out_of_order_${groups}`] = late;
      progress(`event_count out of order, ${groups} groups: ${JSON.stringify(late)}`);
    }
    return { processed, inputs: { timespan_s: 3600, key_characters: keyCharacters }, figures, ratios, notes };
  },
};

function rateOf(figures: JsonObject | undefined): number {
  const rate = figures?.['inputs_per_cpu_second'];
  return typeof rate === 'number' ? rate : 0;
}

/** As long as the keyed hashes that detection gives. */
function keyOf(index: number): string {
  return index.toString(36).padStart(keyCharacters, 'k');
}

function secondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}

/** Seconds of processor time to make the texts of the keys alone: that is the caller's work, not the engine's. */
function makeKeys(keys: Buffer, places: Uint32Array): number {
  const before = process.cpuUsage();
  let characters = 0;
  for (const place of places)
    characters += keys.toString('latin1', place * keyCharacters, (place + 1) * keyCharacters).length;
  if (characters !== places.length * keyCharacters) throw new Error('Cannot measure: the keys are not whole');
  return secondsOf(process.cpuUsage(before));
}

function measure(input: {
  readonly definition: CorrelationDefinition;
  readonly keys: Buffer;
  readonly inputs: number;
  readonly late: boolean;
}): JsonObject {
  const { definition, keys, inputs, late } = input;
  const random = createSeededRandom(7);
  const places = Uint32Array.from({ length: inputs }, () => random.integer(keys.length / keyCharacters));
  globalThis.gc?.();
  const before = process.memoryUsage();
  const engine = createCorrelationEngine({ ...defaultCorrelationLimits, groups: 1_000_000 });
  engine.use(new Map([['c', definition]]));
  const members = definition.ruleIds.length;
  const startMs = Date.UTC(2026, 0, 1);
  let told = 0;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  for (let index = 0; index < inputs; index += 1) {
    const receivedAtMs = startMs + Math.floor(index / 1000) * 1000;
    const { timeMs } = engine.begin({
      source: 's',
      receivedAtMs,
      claimedMs: late ? receivedAtMs - ((index * 7919) % 60_000) : receivedAtMs,
    });
    // A new text each time, as from a hash.
    const from = (places[index] ?? 0) * keyCharacters;
    const group = keys.toString('latin1', from, from + keyCharacters);
    told += engine.count({
      correlationId: 'c',
      group,
      position: { log: 1, index },
      timeMs,
      member: index % members,
      value: index % 7,
    }).length;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const makingKeys = makeKeys(keys, places);
  globalThis.gc?.();
  const after = process.memoryUsage();
  const { groups, lost, bytes } = engine.health();
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  return {
    inputs_per_second: Math.round(inputs / seconds),
    inputs_per_cpu_second: Math.round(inputs / (secondsOf(cpu) - makingKeys)),
    nanoseconds_to_make_a_key: Math.round((makingKeys / inputs) * 1e9),
    groups,
    told,
    lost,
    bytes_per_group: rounded(grown / Math.max(1, groups)),
    column_bytes_per_group: rounded(bytes / Math.max(1, groups)),
    grown_mib: rounded(grown / 2 ** 20),
  };
}
