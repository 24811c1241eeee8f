import assert from 'node:assert/strict';
import { parseSigmaRules } from '../parse-rules.ts';
import { composeRuleSet } from '../rule-set.ts';
import { defineCorrelations } from './definition.ts';
import type { CorrelationDefinition } from './definition.ts';
import { defaultCorrelationLimits } from './engine-types.ts';
import type { CorrelationEngine, CorrelationLimits } from './engine-types.ts';
import type { GroupState } from './group-state.ts';
import type { SourceState } from './source-clock.ts';

const rule = (name: string): string =>
  `title: ${name}\nname: ${name}\nlogsource: { category: test }\ndetection: { sel: { a: b }, condition: sel }\n---\n`;

/** Used by tests: the definition of a correlation `c` over rules r0, r1, r2, from the lines of its `correlation`. */
export function define(lines: string, more = ''): ReadonlyMap<string, CorrelationDefinition> {
  const text = `${['r0', 'r1', 'r2'].map(rule).join('')}${more}title: C\nid: c\ncorrelation:\n    ${lines.replaceAll('\n', '\n    ')}\n`;
  const { correlations, refusals } = composeRuleSet(parseSigmaRules(text, { file: 't.yml' }));
  assert.deepEqual(refusals, []);
  return defineCorrelations(correlations, (written) => written);
}

/** One of every kind of condition. */
export const conditions: readonly string[] = [
  'type: event_count\nrules: [r0, r1, r2]\ncondition: { gte: 3 }',
  'type: event_count\nrules: [r0, r1, r2]\ncondition: { lt: 3 }',
  'type: event_count\nrules: [r0, r1, r2]\ncondition: { gte: 2, lte: 3 }',
  'type: event_count\nrules: [r0, r1, r2]\ncondition: { eq: 2 }',
  'type: event_count\nrules: [r0, r1, r2]\ncondition: { neq: 2 }',
  'type: value_count\nrules: [r0, r1, r2]\ncondition: { gt: 1, field: v }',
  'type: value_count\nrules: [r0, r1, r2]\ncondition: { lte: 1, field: v }',
  'type: value_sum\nrules: [r0, r1, r2]\ncondition: { gt: 5, field: v }',
  'type: value_sum\nrules: [r0, r1, r2]\ncondition: { lt: 4, field: v }',
  'type: value_avg\nrules: [r0, r1, r2]\ncondition: { gt: 1.5, field: v }',
  'type: value_median\nrules: [r0, r1, r2]\ncondition: { eq: 1.5, field: v }',
  'type: value_percentile\nrules: [r0, r1, r2]\ncondition: { gte: 2, field: v, percentile: 75 }',
  'type: value_percentile\nrules: [r0, r1, r2]\ncondition: { lte: 30, field: v }',
  'type: temporal\nrules: [r0, r1, r2]',
  'type: temporal\nrules: [r0, r1, r2]\ncondition: { gte: 2 }',
  'type: temporal\nrules: [r0, r1, r2]\ncondition: { lt: 2 }',
  'type: temporal\nrules: [r0, r1, r2]\ncondition: r0 and (r1 or r2)',
  'type: temporal_extended\nrules: [r0, r1, r2]\ncondition: r0 and not (r1 or r2)',
  'type: temporal_ordered\nrules: [r0, r1, r2]',
  'type: temporal_ordered\nrules: [r0, r1, r2]\ncondition: r0 and (r1 or r2)',
  'type: temporal_ordered_extended\nrules: [r0, r1, r2]\ncondition: r0 and r1 and not r2',
];

/** What a database keeps of an engine. */
export function createSaved() {
  const groups = new Map<string, GroupState>();
  const sources = new Map<string, SourceState>();
  let watermarkMs = -Infinity;
  let ledgerMs = -Infinity;
  return {
    save(engine: CorrelationEngine): void {
      const changes = engine.takeChanges();
      for (const state of changes.changed) groups.set(`${state.correlationId} ${state.group}`, structuredClone(state));
      for (const { correlationId, group } of changes.removed) groups.delete(`${correlationId} ${group}`);
      for (const state of changes.sources.changed) sources.set(state.source, state);
      for (const source of changes.sources.removed) sources.delete(source);
      ({ watermarkMs, ledgerMs } = changes);
    },
    into(engine: CorrelationEngine, definitions: ReadonlyMap<string, CorrelationDefinition>): CorrelationEngine {
      engine.restore({
        groups: [...groups.values()].toSorted((a, b) => a.touchedMs - b.touchedMs),
        sources: [...sources.values()],
        watermarkMs,
        ledgerMs,
      });
      engine.use(definitions);
      return engine;
    },
    groups,
  };
}

export const limits: CorrelationLimits = {
  ...defaultCorrelationLimits,
  latenessMs: 30_000,
  disorderMs: 5_000,
  skewMs: 0,
  compactedRows: 4,
};
