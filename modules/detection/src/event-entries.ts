import type { AppendEntry, LedgerEvent } from '@sallyport/ledger';
import { correlationEntry, matchEntry, skippedEntry, skippedRuleId } from './build-finding.ts';
import type { ClosedFinding } from './closed-findings.ts';
import type { CorrelatedMatch, Correlations } from './correlations.ts';
import type { EventEntities } from './event-entities.ts';
import type { FindingLimit } from './finding-limit.ts';
import type { MatchHiding } from './match-hiding.ts';
import type { EventOutcome, RuleSummary } from './match-protocol.ts';

type Rules = ReadonlyMap<string, RuleSummary>;

/** What is told of one event after the other, in the order of the ledger: depends on them and on what was saved alone. */
export type EventEntries = {
  /** Moves time on; what came true because a window is over and is to be told, a bounded lot at a time. To its end, before the matches of the event. */
  closedWith(event: LedgerEvent, outcome: EventOutcome, rules: Rules): Generator<ClosedFinding[], void, undefined>;
  /** The findings of the event's matches, and of the correlations that came true with them. */
  entriesFor(event: LedgerEvent, outcome: EventOutcome, rules: Rules): AppendEntry[];
};

export function createEventEntries(needs: {
  readonly correlations: Pick<Correlations, 'begin' | 'goOn' | 'count'>;
  readonly limit: Pick<FindingLimit, 'admit'>;
  readonly hiding: Pick<MatchHiding, 'hidesMatch' | 'hidesCorrelation'>;
  /** Counted up here. */
  readonly counts: { eventsScanned: number; matches: number; skipped: number };
}): EventEntries {
  const { correlations, limit, hiding, counts } = needs;

  function toldIfGenerating(event: LedgerEvent, id: string, rules: Rules): RuleSummary | undefined {
    const rule = ruleNamed(id, rules);
    return rule.generates ? toldAs(event, rule) : undefined;
  }

  /** The rule as a finding of this match shows it; undefined when the match gets none. */
  function toldAs(event: LedgerEvent, rule: RuleSummary): RuleSummary | undefined {
    const admission = limit.admit(rule.id, event.receivedAtMs);
    if (admission.kind === 'held back') return undefined;
    if (admission.kind === 'told') return rule;
    const since = new Date(admission.windowStartMs).toISOString();
    const note = `${admission.matches} matches since ${since}: those between are not told one by one. `;
    return { ...rule, description: `${note}${rule.description ?? ''}` };
  }

  function skipped(event: LedgerEvent, reason: string): AppendEntry[] {
    const admission = limit.admit(skippedRuleId, event.receivedAtMs);
    if (admission.kind === 'held back') return [];
    const note = admission.kind === 'sample' ? ` (one of ${admission.matches} in this hour)` : '';
    return [skippedEntry(event, `${reason}${note}`)];
  }

  /** One that is told to nobody anyway is nothing to hide. */
  function isHidden(atMs: number, came: CorrelatedMatch, about: EventEntities, rules: Rules): boolean {
    return ruleNamed(came.finding.correlationId, rules).generates && hiding.hidesCorrelation(atMs, came, about);
  }

  return {
    *closedWith(event, outcome, rules) {
      for (let gone = correlations.begin(event, outcome); ; gone = correlations.goOn()) {
        if (gone.closed.length > 0 || gone.more) {
          yield gone.closed.flatMap((finding) => {
            const rule = toldIfGenerating(event, finding.correlationId, rules);
            return rule === undefined ? [] : [{ finding, rule, closedAtMs: event.receivedAtMs }];
          });
        }
        if (!gone.more) return;
      }
    },
    entriesFor(event, outcome, rules) {
      switch (outcome.kind) {
        case 'own':
          return [];
        case 'unscannable':
          counts.skipped += 1;
          return skipped(event, outcome.reason);
        case 'scanned': {
          counts.eventsScanned += 1;
          counts.matches += outcome.matches.length;
          const entries = outcome.matches.flatMap((match) => {
            if (hiding.hidesMatch(event, match)) return [];
            const correlated = correlations.count(event, match).flatMap((came) => {
              if (isHidden(event.receivedAtMs, came, outcome, rules)) return [];
              const { finding, fields } = came;
              const rule = toldIfGenerating(event, finding.correlationId, rules);
              return rule === undefined ? [] : [correlationEntry({ event, scanned: outcome, fields, finding, rule })];
            });
            const rule = toldIfGenerating(event, match.ruleId, rules);
            return rule === undefined ? correlated : [matchEntry(event, outcome, match, rule), ...correlated];
          });
          if (!outcome.truncated) return entries;
          counts.skipped += 1;
          const reason = 'it has more fields, deeper or longer named ones, than rules are shown';
          return [...skipped(event, reason), ...entries];
        }
      }
    },
  };
}

function ruleNamed(id: string, rules: Rules): RuleSummary {
  const rule = rules.get(id);
  if (rule === undefined) throw new TypeError(`match of rule "${id}", which is not loaded`);
  return rule;
}
