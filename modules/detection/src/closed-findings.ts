import type { AppendEntry, Ledger } from '@sallyport/ledger';
import type { CorrelationFinding } from '@sallyport/sigma-rules';
import { correlationEntry } from './build-finding.ts';
import type { Correlations } from './correlations.ts';
import type { MatchHiding } from './match-hiding.ts';
import type { EventOutcome, RuleSummary } from './match-protocol.ts';
import type { RuleMatcher } from './rule-matcher.ts';

/** A correlation that came true because its window is over, as it is to be told. */
export type ClosedFinding = {
  readonly finding: CorrelationFinding;
  readonly rule: RuleSummary;
  /** Ledger time of the event that moved time on. */
  readonly closedAtMs: number;
};

export type ClosedFindings = {
  entriesOf(closed: readonly ClosedFinding[], matcher: Pick<RuleMatcher, 'match'>): Promise<readonly AppendEntry[]>;
};

/** So many are told at length; a flood of them is told by positions alone. */
const maxLooked = 500;
const maxBytes = 16 * 1024 * 1024;

/**
 * Makes the findings. What is kept of a group says nothing of who or where, so the newest event it rests on is read from the ledger and scanned once more; one that was erased
 * meanwhile gives a finding that names positions alone.
 */
export function createClosedFindings(needs: {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly fieldsOf: Correlations['fieldsOf'];
  /** One that is told by positions alone is not hidden. */
  readonly hiding: Pick<MatchHiding, 'hidesCorrelation'>;
}): ClosedFindings {
  async function scanned(
    { position }: CorrelationFinding,
    matcher: Pick<RuleMatcher, 'match'>,
  ): Promise<Extract<EventOutcome, { kind: 'scanned' }> | undefined> {
    const until = { log: position.log, index: position.index + 1 };
    const { events } = await needs.ledger.read(position, { maxEvents: 1, maxBytes, until });
    const event = events.find((one) => one.position.log === position.log && one.position.index === position.index);
    if (event?.body === undefined) return undefined;
    for await (const outcomes of matcher.match([event.body])) {
      const [outcome] = outcomes;
      if (outcome?.kind === 'scanned') return outcome;
    }
    return undefined;
  }

  return {
    async entriesOf(closed, matcher) {
      const entries: AppendEntry[] = [];
      for (const [ordinal, { finding, rule, closedAtMs }] of closed.entries()) {
        const outcome = ordinal < maxLooked ? await scanned(finding, matcher) : undefined;
        const event = { position: finding.position, receivedAtMs: closedAtMs };
        const fields = outcome === undefined ? [] : needs.fieldsOf(finding, outcome.matches);
        if (outcome !== undefined && needs.hiding.hidesCorrelation(closedAtMs, { finding, fields }, outcome)) continue;
        entries.push(correlationEntry({ event, scanned: outcome, fields, finding, rule }));
      }
      return entries;
    },
  };
}
