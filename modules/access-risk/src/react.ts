import { messageOf } from '@sallyport/platform/errors';
import type { LedgerEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import type { Reaction } from './learner.ts';
import type { AccessRiskNeeds } from './needs.ts';
import type { RiskSettings } from './risk-settings.ts';

export type Reactor = {
  /** Whether what happened is new enough to do something about: nothing is done for what a late reading finds. */
  isTimely(event: LedgerEvent): boolean;
  /** May be asked twice for the same. Rejects when identity could not do it. */
  react(reaction: Reaction): Promise<void>;
};

const timelyMs = 900_000;
/** Who is written down as having done it. */
const riskItself: Principal = { kind: 'operator', id: 'access-risk', name: 'Risk of sign-ins', scopes: [] };

export function createReactor(
  needs: Pick<AccessRiskNeeds, 'reactions' | 'clock' | 'log'> & { readonly settings: () => RiskSettings },
): Reactor {
  const { reactions, clock, log } = needs;

  async function tell(about: Parameters<AccessRiskNeeds['reactions']['tell']>[0]): Promise<void> {
    if (!needs.settings().mail) return;
    const { userId } = about;
    try {
      await reactions.tell(about);
    } catch (error) {
      // The session has ended and the alert stands: a message that does not arrive must not hold up what comes next.
      log.warn('Somebody could not be told about their sign-ins', { user: userId, reason: messageOf(error) });
    }
  }

  return {
    isTimely: ({ receivedAtMs }) => clock.nowMs() - receivedAtMs <= timelyMs,
    async react(reaction) {
      switch (reaction.kind) {
        case 'session-stolen': {
          const { userId, session, words } = reaction;
          const reason = words.join('. ').slice(0, 500);
          const ended = await reactions.endSessions({ userId, ids: [session], by: riskItself, reason });
          if (ended > 0) await tell({ userId, about: 'session-ended', words });
          return;
        }
        case 'odd-sign-in': {
          const { userId, signIn, words } = reaction;
          await tell({ userId, about: 'sign-in', signIn, words });
          return;
        }
        case 'not-me': {
          const { userId, exceptSession, saidMs } = reaction;
          const reason = 'They said of a sign-in that it was not them';
          await reactions.endSessions({
            userId,
            ...(exceptSession === '' ? {} : { exceptId: exceptSession }),
            beganBeforeMs: saidMs,
            by: riskItself,
            reason,
          });
          await reactions.requirePasswordChange({ userId, by: riskItself, reason, unlessSinceMs: saidMs });
        }
      }
    },
  };
}
