import type { CorrelatedMatch } from './correlations.ts';
import { shownEvents, shownFields } from './build-finding.ts';
import type { EventEntities } from './event-entities.ts';
import type { Exceptions } from './exceptions.ts';
import type { RuleMatch } from './match-protocol.ts';
import type { RuleMatcher } from './rule-matcher.ts';
import type { LedgerEvent } from '@sallyport/ledger';

/** Which matches exceptions hide, with the matcher that is in use. */
export type MatchHiding = {
  /** Before events up to this ledger time are matched: the matcher gets the exceptions there are, if they changed or it is another one. */
  prepare(matcher: Pick<RuleMatcher, 'except'>, newestMs: number): Promise<void>;
  /** A hidden match is none for correlations either, as one that a filter leaves out. */
  hidesMatch(event: Pick<LedgerEvent, 'position' | 'receivedAtMs'>, match: RuleMatch): boolean;
  /** Only its finding is hidden: what builds on it counts it all the same. */
  hidesCorrelation(atMs: number, correlated: CorrelatedMatch, about: EventEntities): boolean;
  hidden(): number;
  /** Why not all exceptions are applied. What they would hide is told. */
  trouble(): string | undefined;
};

export function createMatchHiding(exceptions: Exceptions): MatchHiding {
  let prepared: { readonly matcher: object; readonly revision: number } | undefined;
  let trouble: string | undefined;
  let hidden = 0;

  return {
    async prepare(matcher, newestMs) {
      const { revision, conditions } = await exceptions.before(newestMs);
      const isSame = prepared?.matcher === matcher && prepared.revision === revision;
      const isIdle = conditions.length === 0 && prepared?.matcher !== matcher;
      if (!isSame && !isIdle) {
        const refusals = await matcher.except(conditions);
        const [first] = refusals ?? [];
        trouble =
          refusals === undefined
            ? `A matching thread ended while it read ${conditions.length} exceptions: none is applied`
            : first && `${refusals.length} exceptions cannot be read, as ${first.key}: ${first.reason}`;
      }
      prepared = { matcher, revision };
    },
    hidesMatch({ position, receivedAtMs }, { ruleId, excepted: keys }) {
      if (keys === undefined || !exceptions.hides({ ruleId, keys, position, receivedAtMs })) return false;
      hidden += 1;
      return true;
    },
    hidesCorrelation(atMs, { finding, fields }, about) {
      const { correlationId: ruleId, position, basis } = finding;
      const match = { ruleId, position, receivedAtMs: atMs, fields: shownFields(fields) };
      if (!exceptions.hidesCorrelation({ ...match, events: shownEvents(basis, position), about })) return false;
      hidden += 1;
      return true;
    },
    hidden: () => hidden,
    trouble: () => trouble,
  };
}
