import type { Principal } from '@sallyport/platform/http';
import { messageOf } from '@sallyport/platform/errors';
import { guardEvent } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import { createNoticeRoom } from './notice-room.ts';
import type { Telling } from './telling.ts';
import { unlessAborted } from './unless-aborted.ts';

type Tried = { readonly kind: 'sent'; readonly to: string } | { readonly kind: 'no-mail' | 'no-address' | 'not-taken' };

const attemptMs = 20_000;
/** Half of each for one person: five and 60 an hour. */
const limits = { perPersonHour: 10, perHour: 120, alwaysPerson: 0, always: 0 } as const;

/**
 * A message to oneself, to see whether word of a waiting question would arrive: by the same way, and it says that it is a test. Throws
 * `agent_limit_reached` where somebody tried too often.
 */
export function createTestNotice(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'log'> & {
    readonly telling: Pick<Telling, 'deliver' | 'origin'>;
  },
): (by: Principal, asked: AbortSignal) => Promise<Tried> {
  const { clock, telling } = needs;
  const room = createNoticeRoom({ clock, ...limits });

  async function deliver(userId: string, signal: AbortSignal): Promise<Tried> {
    try {
      return await unlessAborted(
        telling.deliver({ userId, subject: 'A test: mail about questions of AI agents', text: words, signal }),
        signal,
      );
    } catch (error) {
      // What the other side said may hold addresses: it stays in the log.
      needs.log('Cannot send a test of word of a waiting question', { reason: messageOf(error) });
      return { kind: 'not-taken' };
    }
  }

  const words = (organization: string): string => {
    const origin = telling.origin();
    return [
      `Somebody signed in as you at ${organization} asked for this message, to see whether mail about waiting questions of AI agents arrives. It does. Nothing waits because of it.`,
      '',
      origin === undefined
        ? 'Questions are answered in the console: Agents, Approvals.'
        : `Questions are answered there, once you have signed in:\n${origin}/agents/approvals`,
    ].join('\n');
  };

  return async (by, asked) => {
    const askers = new Set([`user/${by.id}`]);
    if (room.fromMs(by.id, askers) > clock.monotonicMs())
      throw new AgentGuardError('agent_limit_reached', 'Cannot send another test: there were five within the hour');
    const giveBack = room.take(by.id, askers);
    const tried = await deliver(by.id, AbortSignal.any([asked, AbortSignal.timeout(attemptMs)]));
    if (tried.kind === 'no-mail' || tried.kind === 'no-address') giveBack();
    const event = guardEvent({
      nowMs: clock.nowMs(),
      by,
      action: 'agent.notice',
      target: { type: 'user', id: by.id, name: by.name },
      details: {
        by: 'email',
        questions: [],
        test: true,
        ...(tried.kind === 'sent' ? { to: tried.to } : { not_sent: tried.kind }),
      },
      outcome: tried.kind === 'sent' ? 'success' : 'failure',
    });
    await needs.database.transaction().execute((transaction) => needs.outbox.record(transaction, event));
    await needs.outbox.flushed();
    return tried;
  };
}
