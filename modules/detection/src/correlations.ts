import { createHmac } from 'node:crypto';
import type { AppendEntry, LedgerEvent } from '@sallyport/ledger';
import { correlationEntry } from './build-finding.ts';
import { createCorrelator } from './correlator.ts';
import type { Correlator } from './correlator.ts';
import type { CorrelationDefinition, EventOutcome, RuleMatch, RuleSummary } from './match-protocol.ts';

export type Correlations = Pick<Correlator, 'restore' | 'takeChanges' | 'groups' | 'lost'> & {
  /** The rules in force. */
  use(rules: ReadonlyMap<string, RuleSummary>): void;
  /** Counts a match wherever it counts; the findings of correlations that came true with it, as far as `told` gives them. */
  count(
    event: LedgerEvent,
    scanned: Extract<EventOutcome, { kind: 'scanned' }>,
    match: RuleMatch,
    told: (correlationId: string) => RuleSummary | undefined,
  ): AppendEntry[];
};

/** Correlates matches by ledger time. Values of groups are kept as hashes under `key`: whoever reads the control database cannot try out addresses or names. */
export function createCorrelations(key: Uint8Array): Correlations {
  const correlator = createCorrelator();
  let used: ReadonlyMap<string, RuleSummary> | undefined;

  const keyed = (text: string): string => createHmac('sha256', key).update(text).digest('hex').slice(0, 32);

  return {
    ...correlator,
    restore(groups) {
      used = undefined;
      correlator.restore(groups);
    },
    use(rules) {
      if (rules === used) return;
      used = rules;
      const definitions = new Map<string, CorrelationDefinition>();
      for (const { id, correlation } of rules.values()) if (correlation !== undefined) definitions.set(id, correlation);
      correlator.use(definitions);
    },
    count: (event, scanned, match, told) =>
      (match.groups ?? []).flatMap((group) => {
        const { correlationId: id } = group;
        const basis = correlator.count(id, keyed(`${id}\n${group.group}`), {
          position: event.position,
          receivedAtMs: event.receivedAtMs,
          ruleId: match.ruleId,
          value: group.value === undefined ? '' : keyed(`${id}\nvalue\n${group.value}`),
        });
        const rule = basis === undefined ? undefined : told(id);
        return basis === undefined || rule === undefined
          ? []
          : [correlationEntry({ event, scanned, group, basis, rule })];
      }),
  };
}
