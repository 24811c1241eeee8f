import { createHmac, createSecretKey } from 'node:crypto';
import { createCorrelationEngine, defaultCorrelationLimits } from '@sallyport/sigma-rules';
import type {
  ChainedCount,
  CorrelationDefinition,
  CorrelationEngine,
  CorrelationFinding,
  CorrelationGroup,
  TimeGoneOn,
} from '@sallyport/sigma-rules';
import type { LedgerEvent } from '@sallyport/ledger';
import type { EventOutcome, RuleMatch, RuleSummary } from './match-protocol.ts';

/** A correlation that came true with an event that is at hand. */
export type CorrelatedMatch = { readonly finding: CorrelationFinding; readonly fields: CorrelationGroup['fields'] };

export type Correlations = Pick<
  CorrelationEngine,
  'takeChanges' | 'takeOver' | 'health' | 'restore' | 'goOn' | 'wouldClose'
> & {
  /** The rules in force. */
  use(rules: ReadonlyMap<string, RuleSummary>): void;
  /**
   * The next event of the ledger: to be called for each, before its matches. Answers what came true because time went on; `more`: as much of it as
   * may be done in one go, `goOn` does the rest.
   */
  begin(event: LedgerEvent, outcome: EventOutcome): TimeGoneOn;
  /** Counts a match of the event begun last, wherever it counts. */
  count(event: LedgerEvent, match: RuleMatch): readonly CorrelatedMatch[];
  /** The group of a finding as people see it, among the matches of its event. */
  fieldsOf(finding: CorrelationFinding, matches: readonly RuleMatch[]): CorrelationGroup['fields'];
};

/** A few milliseconds of looking at windows that are over. */
const rowsAtOnce = 10_000;
const mostRemembered = 10_000;

/**
 * Correlates matches by the time their events claim, as far as it is believed, else by ledger time. Groups and sources are kept as hashes under `key`: whoever reads
 * the control database cannot try out addresses or names.
 */
export function createCorrelations(key: Uint8Array, groups = defaultCorrelationLimits.groups): Correlations {
  const engine = createCorrelationEngine({ ...defaultCorrelationLimits, groups, rows: groups * 4, slice: rowsAtOnce });
  let used: ReadonlyMap<string, RuleSummary> | undefined;
  let timeMs = 0;

  const secret = createSecretKey(key);
  const keyed = (text: string): Buffer => createHmac('sha256', secret).update(text).digest();
  const sourceKey = remembered((source) => keyed(`source\n${source}`).toString('base64url').slice(0, 22));
  /** The same groups come again and again, and the group of a match that came true is asked for twice. */
  const groupKey = remembered((text) => keyed(text).toString('base64url').slice(0, 22));
  const keyOf = (id: string, group: string): string => groupKey(`${id}\n${group}`);

  /** 52 bits of a keyed hash, as a number that is exact. */
  function valueOf(id: string, value: CorrelationGroup['value']): number {
    if (typeof value === 'number') return value;
    return value === undefined ? 0 : Number.parseInt(keyed(`${id}\nvalue\n${value}`).toString('hex').slice(0, 13), 16);
  }

  function chainedOf({ correlationId, group, member, value, chained = [] }: CorrelationGroup): ChainedCount {
    return {
      correlationId,
      group: keyOf(correlationId, group),
      member,
      value: valueOf(correlationId, value),
      chained: chained.map(chainedOf),
    };
  }

  function find(
    finding: CorrelationFinding,
    groups: readonly CorrelationGroup[],
  ): CorrelationGroup['fields'] | undefined {
    for (const { correlationId, group, fields, chained = [] } of groups) {
      if (correlationId === finding.correlationId && keyOf(correlationId, group) === finding.group) return fields;
      const inner = find(finding, chained);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }

  return {
    takeChanges: engine.takeChanges,
    takeOver: engine.takeOver,
    health: engine.health,
    goOn: engine.goOn,
    wouldClose: engine.wouldClose,
    restore(saved) {
      used = undefined;
      engine.restore(saved);
    },
    use(rules) {
      if (rules === used) return;
      used = rules;
      const definitions = new Map<string, CorrelationDefinition>();
      for (const { id, correlation } of rules.values()) if (correlation !== undefined) definitions.set(id, correlation);
      engine.use(definitions);
    },
    begin(event, outcome) {
      const { receivedAtMs } = event;
      const begun = engine.begin(
        outcome.kind === 'scanned'
          ? {
              source: sourceKey(outcome.source),
              receivedAtMs,
              ...(outcome.claimedMs === undefined ? {} : { claimedMs: outcome.claimedMs }),
            }
          : { source: sourceKey(''), receivedAtMs },
      );
      timeMs = begun.timeMs;
      return begun;
    },
    count: ({ position }, match) =>
      (match.groups ?? []).flatMap((group) =>
        engine
          .count({ ...chainedOf(group), position, timeMs })
          .map((finding) => ({ finding, fields: find(finding, [group]) ?? [] })),
      ),
    fieldsOf: (finding, matches) =>
      find(
        finding,
        matches.flatMap(({ groups = [] }) => groups),
      ) ?? [],
  };
}

/** Answers what it was asked lately from memory: keyed hashes cost more than anything else that is done with a match. */
function remembered(make: (text: string) => string): (text: string) => string {
  const made = new Map<string, string>();
  return (text) => {
    const known = made.get(text);
    if (known !== undefined) return known;
    if (made.size >= mostRemembered) made.clear();
    const fresh = make(text);
    made.set(text, fresh);
    return fresh;
  };
}
