import type { JsonValue } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { Collector, Coverage } from '../collectors/collector.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';

const lookEveryMs = 10_000;
const tellEveryMs = 3_600_000;

/** Tells what the collectors can see here and what would make them see more: at the start, when it changes, and every hour. */
export function createCoverageCollector(needs: {
  readonly collectors: readonly Collector[];
  readonly clock: Clock;
}): Collector {
  const { collectors, clock } = needs;
  const told = new Map<string, { stateAndMisses: string; atMs: number }>();
  return {
    name: 'coverage',
    everyMs: lookEveryMs,
    collect() {
      const records = collectors.flatMap((collector): SensorRecord[] => {
        const coverage = collector.coverage();
        // Counts in the words change all the time; what kind of gap there is does not.
        const stateAndMisses = `${coverage.state} ${coverage.misses.replaceAll(/\d+/g, '#')}`;
        const before = told.get(coverage.collector);
        if (before?.stateAndMisses === stateAndMisses && clock.monotonicMs() - before.atMs < tellEveryMs) return [];
        told.set(coverage.collector, { stateAndMisses, atMs: clock.monotonicMs() });
        return [
          {
            kind: 'sensor',
            collector: 'sensor',
            lossy: false,
            timeMs: clock.nowMs(),
            event: 'sensor.coverage',
            fields: coverageFields(coverage),
          },
        ];
      });
      return { records };
    },
    coverage: () => ({ collector: 'coverage', state: 'full', sees: 'the collectors', misses: '', remedy: undefined }),
  };
}

export function coverageFields({
  collector,
  state,
  sees,
  misses,
  remedy,
}: Coverage): Readonly<Record<string, JsonValue>> {
  return present({ covers: collector, state, sees, misses, remedy });
}
