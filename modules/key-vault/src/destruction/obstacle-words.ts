import type { IntentObstacle } from './judging.ts';
import type { ShownObstacle } from './shown.ts';

export type ObstacleFacts = {
  /** People whose passkeys count now, by user id. */
  readonly people: ReadonlyMap<string, string>;
  readonly signedBy: readonly string[];
  readonly evidence: 'witnesses' | 'running-time';
  /** Two signatures are enough: nothing waits. */
  readonly isAtOnce: boolean;
};

/** What is missing, and what to do next. */
export function obstacleWords(obstacle: IntentObstacle, facts: ObstacleFacts): ShownObstacle {
  const { kind } = obstacle;
  switch (obstacle.kind) {
    case 'empty':
      return {
        kind,
        message: 'Every key of the list is held, must stay or is gone already: nothing is left to destroy',
      };
    case 'too-many':
      return { kind, message: `The list is longer than ${obstacle.limit} keys`, hint: 'propose them in several lists' };
    case 'digest-differs':
      return { kind, message: 'What was signed is another list than this', hint: 'cancel it and propose it again' };
    case 'not-signed':
      return {
        kind,
        message: `Nobody has signed this yet${facts.isAtOnce ? '' : '; the waiting time begins when somebody does'}`,
        hint: whoCan(facts, 2),
      };
    case 'not-approved':
    case 'same-person':
      return { kind, message: 'One person has signed; somebody else has to agree', hint: whoCan(facts, 1) };
    case 'cancelled':
      return { kind, message: 'It was cancelled' };
    case 'suspended':
      return {
        kind,
        message: `Its signatures do not count any more: ${obstacle.why}`,
        hint: 'two people have to sign it again',
      };
    case 'no-time':
      return {
        kind,
        message: `${obstacle.given} of ${obstacle.needed} witnesses have vouched for when ${obstacle.of === 'intent' ? 'it was signed' : 'now is'}`,
        hint: 'see which do not answer: sallyport ledger witnesses',
      };
    case 'waiting':
      return {
        kind,
        message: `It waits ${hours(obstacle.remainingMs)} more, counted ${facts.evidence === 'witnesses' ? 'by the witnesses’ clocks' : 'while this server runs'}`,
        hint: 'until then anybody who may manage the vault can cancel it',
      };
    case 'fence-missing':
      return { kind, message: 'The witnesses have not vouched yet that this is the only copy of this server' };
    case 'export-missing':
      return { kind, message: 'The vault without these keys has not been read back from another place yet' };
    case 'one-batch-a-day':
      return {
        kind,
        message: 'Keys expired less than a day ago; one batch a day is carried out',
        hint: 'two people can ask for it at once as a request',
      };
    case 'after-restore':
      return {
        kind,
        message: 'Everything was put back from a backup: holds and longer policies made since may be missing',
        hint: 'place them again, then: sallyport vault accept-restore --reason …',
      };
    case 'no-policy':
      return { kind, message: `No policy lets "${obstacle.class}" go`, hint: 'propose how many days are kept' };
  }
}

function whoCan({ people, signedBy }: ObstacleFacts, needed: number): string {
  const others = [...people].filter(([id]) => !signedBy.includes(id)).map(([, name]) => name);
  if (others.length >= needed) return `in the console under Retention, with a passkey: ${others.join(', ')}`;
  const missing = needed - others.length;
  return `${missing === 1 ? 'one more person' : `${missing} more people`} with a passkey must be enrolled first: each signs in and enrols under Retention, or POST /v1/vault/approvers`;
}

function hours(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 120 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}
