import { setImmediate } from 'node:timers/promises';
import type { Position } from '@sallyport/contracts';
import type { EventOutcome } from '@sallyport/detection';
import { createCorrelationEngine, defaultCorrelationLimits } from '@sallyport/sigma-rules';
import type {
  ChainedCount,
  CorrelationDefinition,
  CorrelationFinding,
  CorrelationGroup,
  TimeGoneOn,
} from '@sallyport/sigma-rules';
import { huntLimits } from './hunt.ts';

/** An event that some correlation of the hunt counts. */
export type CountedEvent = {
  readonly position: Position;
  /** The time it counts at. */
  readonly timeMs: number;
  readonly groups: readonly CorrelationGroup[];
};

/** A group with which a correlation came true. */
export type HuntGroup = {
  readonly ruleId: string;
  /** Of a timespan its end; of a window that closed its beginning. */
  readonly atMs: number;
  readonly fields: CorrelationGroup['fields'];
  /** Events it rests on, in order of time, the newest of them. */
  readonly events: readonly Position[];
  /** How many there are in all, up to 1,000. */
  readonly count: number;
};

export type CorrelatedHunt = {
  /** By correlation: how often it came true, and when first and last. Exact. */
  readonly times: ReadonlyMap<string, { readonly matches: number; readonly firstMs: number; readonly lastMs: number }>;
  /** The first ones. */
  readonly groups: readonly HuntGroup[];
};

/** As live detection believes a claim: up to ten minutes behind receipt, clocks differing by two seconds. */
const believed = { latenessMs: 600_000, skewMs: 2_000 } as const;
const eventsAtOnce = 1_000;
const rowsAtOnce = 10_000;

/** What correlations count of one event; undefined: nothing. `asked` are ids of rules and correlations of the hunt. */
export function countedEvent(
  row: { readonly position: Position; readonly receivedAtMs: number },
  outcome: Extract<EventOutcome, { kind: 'scanned' }>,
  asked: ReadonlySet<string>,
): CountedEvent | undefined {
  const groups = outcome.matches.flatMap((match) =>
    asked.has(match.ruleId) ? (match.groups ?? []).filter(({ correlationId }) => asked.has(correlationId)) : [],
  );
  if (groups.length === 0) return undefined;
  const { receivedAtMs } = row;
  const { claimedMs = receivedAtMs } = outcome;
  const isBelieved = claimedMs >= receivedAtMs - believed.latenessMs && claimedMs <= receivedAtMs + believed.skewMs;
  return { position: row.position, timeMs: isBelieved ? claimedMs : receivedAtMs, groups };
}

/**
 * Counts all of them in the order of their times, with the engine that live detection uses: everything is in before it begins, so that nothing comes late and every window closes.
 * Gives way to others every few milliseconds. Depends on its arguments alone; undefined when it was stopped.
 */
export async function correlate(
  counted: readonly CountedEvent[],
  definitions: ReadonlyMap<string, CorrelationDefinition>,
  stop: AbortSignal,
): Promise<CorrelatedHunt | undefined> {
  const engine = createCorrelationEngine({
    ...defaultCorrelationLimits,
    latenessMs: 0,
    disorderMs: 0,
    slice: rowsAtOnce,
  });
  engine.use(definitions);
  const inOrder = counted.toSorted(
    (a, b) => a.timeMs - b.timeMs || a.position.log - b.position.log || a.position.index - b.position.index,
  );
  const groupsAt = new Map(inOrder.map(({ position, groups }) => [nameOf(position), groups]));
  const times = new Map<string, { matches: number; firstMs: number; lastMs: number }>();
  const kept: HuntGroup[] = [];
  const keptOf = new Map<string, number>();

  function tell(findings: readonly CorrelationFinding[]): void {
    for (const finding of findings) {
      const { correlationId: ruleId, timeMs: atMs, basis } = finding;
      const known = times.get(ruleId);
      times.set(ruleId, {
        matches: (known?.matches ?? 0) + 1,
        firstMs: Math.min(known?.firstMs ?? atMs, atMs),
        lastMs: Math.max(known?.lastMs ?? atMs, atMs),
      });
      const already = keptOf.get(ruleId) ?? 0;
      if (already >= huntLimits.groupsKeptPerRule || kept.length >= huntLimits.groupsKept) continue;
      keptOf.set(ruleId, already + 1);
      const fields = fieldsOf(finding, groupsAt.get(nameOf(finding.position)) ?? []);
      kept.push({ ruleId, atMs, fields, events: basis.slice(-huntLimits.eventsPerGroup), count: basis.length });
    }
  }

  async function goTo(timeMs: number): Promise<void> {
    let gone: TimeGoneOn = engine.begin({ source: 'hunt', receivedAtMs: timeMs, claimedMs: timeMs });
    tell(gone.closed);
    while (gone.more) {
      await setImmediate();
      gone = engine.goOn();
      tell(gone.closed);
    }
  }

  for (const [at, { timeMs, position, groups }] of inOrder.entries()) {
    if (at % eventsAtOnce === 0) await setImmediate();
    if (stop.aborted) return undefined;
    await goTo(timeMs);
    for (const group of groups) tell(engine.count({ ...chainedOf(group), position, timeMs }));
  }
  // All windows are over at the end of time.
  await goTo(Number.MAX_SAFE_INTEGER);
  return { times, groups: kept };
}

function nameOf({ log, index }: Position): string {
  return `${log}/${index}`;
}

function chainedOf({ correlationId, group, member, value, chained = [] }: CorrelationGroup): ChainedCount {
  // 52 bits of the hash of what is told apart.
  const counted = typeof value === 'string' ? Number.parseInt(value.slice(0, 13), 16) : (value ?? 0);
  return { correlationId, group, member, value: counted, chained: chained.map(chainedOf) };
}

function fieldsOf(finding: CorrelationFinding, groups: readonly CorrelationGroup[]): CorrelationGroup['fields'] {
  for (const { correlationId, group, fields, chained = [] } of groups) {
    if (correlationId === finding.correlationId && group === finding.group) return fields;
    const inner = fieldsOf(finding, chained);
    if (inner.length > 0) return inner;
  }
  return [];
}
