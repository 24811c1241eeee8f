import type { Obstacle } from '../destruction.ts';
import type { JudgingFacts } from './judging-facts.ts';
import type { Approver, Intent } from './section.ts';

/**
 * How long one person's signature waits where nobody else can sign, and how long nobody's does. Fixed: a waiting time that the
 * server may ask to be shorter would be the way around the second person.
 */
export const aloneWaitMs = 15 * 86_400_000;
export const nobodyWaitMs = 30 * 86_400_000;

/** The first two people count at once: nobody was there who could have agreed to them. So does whom two people agreed to. */
export function isCounting(
  { evidence, section }: Pick<JudgingFacts, 'evidence' | 'section'>,
  { isFounder, agreedBy, stopped, since }: Approver,
): boolean {
  if (stopped !== undefined) return false;
  return isFounder || agreedBy !== undefined || evidence.obstacle(since, section.waitMs) === undefined;
}

/**
 * Two different people agree to whose passkeys count, as to a destruction: whoever has one passkey and the server gets no second
 * one. Only what says of itself that no two are left takes effect with one signature or none, and takes weeks.
 */
export function approverObstacles(facts: JudgingFacts, intent: Intent): Obstacle[] {
  if (intent.stage === 'cancelled') return [{ kind: 'cancelled' }];
  if (intent.suspended !== undefined) return [{ kind: 'suspended', why: intent.suspended }];
  if (intent.signatures.length >= 2) return [];
  const waiting = waitOf(facts, intent);
  if (waiting === undefined) return [{ kind: intent.signatures.length === 0 ? 'not-signed' : 'not-approved' }];
  const obstacle = facts.evidence.obstacle(waiting.since, waiting.waitMs);
  return obstacle === undefined ? [] : [obstacle];
}

/** What has to pass instead of a second signature; undefined where only a signature helps. */
export function waitOf(
  facts: Pick<JudgingFacts, 'evidence' | 'section'>,
  { approver, signatures, signed, proposed }: Pick<Intent, 'approver' | 'signatures' | 'signed' | 'proposed'>,
): { readonly since: Intent['proposed']; readonly waitMs: number } | undefined {
  if (approver?.isAlone !== true) return undefined;
  const left = new Set(facts.section.approvers.filter((one) => isCounting(facts, one)).map(({ userId }) => userId));
  // It says that no two are left: whoever is there and should not count is stopped first, which everybody sees.
  if (left.size >= 2) return undefined;
  if (signatures.length > 0 && signed !== undefined) return { since: signed, waitMs: aloneWaitMs };
  return left.size > 0 ? undefined : { since: proposed, waitMs: nobodyWaitMs };
}
