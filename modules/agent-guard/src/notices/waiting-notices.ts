import type { JsonObject } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import type { Approvals } from '../approvals/approvals.ts';
import type { WaitingApproval } from '../approvals/open-questions.ts';
import { guardEvent } from '../audit-record.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { NoticeChoices } from './notice-choices.ts';
import { noticeMessage } from './notice-message.ts';
import type { Telling } from './telling.ts';
import { whoIsTold, wouldCount } from './who-is-told.ts';

/**
 * Mail to people about questions that wait for them. Quiet: what is answered within ten seconds nobody is told of, what comes meanwhile is
 * gathered, a person gets one a minute and twenty an hour at most, all together 300 an hour. Tried three times while something still waits,
 * and what became of it stands in the trail. No question waits for it, and none changes by it.
 */
export type WaitingNotices = {
  /** Sends what is due; to be called every second. Resolves without waiting for mail. */
  tick(): void;
  /** When what is being sent has been sent or given up. */
  settled(): Promise<void>;
  /** Gives up what is being sent, and sends nothing any more. */
  close(): Promise<void>;
};

export const noticeLimits = {
  gatherMs: 10_000,
  perPersonMs: 60_000,
  perPersonHour: 20,
  perHour: 300,
  /** After the first, the second and the third time it failed. */
  againMs: [15_000, 45_000],
  atOnce: 4,
  people: 1000,
} as const;
const hourMs = 3_600_000;

type Person = {
  /** Questions not told of yet. */
  readonly untold: Map<string, WaitingApproval>;
  /** By the monotonic clock. */
  dueMs: number;
  failed: number;
  /** What the last attempt told of, where it failed. */
  tried: readonly string[];
  isBusy: boolean;
};

type Outcome =
  | { readonly kind: 'sent'; readonly to: string }
  | { readonly kind: 'no-mail' | 'no-address' | 'too-many' }
  | { readonly kind: 'not-taken' };

export function createWaitingNotices(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'log' | 'owner' | 'servicesOf'> & {
    readonly approvals: Pick<Approvals, 'onAsked' | 'waiting'>;
    readonly choices: NoticeChoices;
    readonly telling: Telling;
  },
): WaitingNotices {
  const { clock, approvals, telling } = needs;
  const people = new Map<string, Person>();
  const busy = new Set<Promise<void>>();
  const closing = new AbortController();
  /** When mail left, by the monotonic clock. */
  let sent: { readonly userId: string; readonly atMs: number }[] = [];
  /** What was said of somebody lately that would be the same again. */
  const saidMs = new Map<string, number>();

  const inBackground = (what: string, task: () => Promise<void>): void => {
    const done = task().catch((error: unknown) => needs.log(`Cannot ${what}`, { reason: messageOf(error) }));
    busy.add(done);
    void done.finally(() => busy.delete(done));
  };

  async function gather(waiting: WaitingApproval): Promise<void> {
    for (const userId of await whoIsTold(waiting, needs)) {
      const dueMs = clock.monotonicMs() + noticeLimits.gatherMs;
      const known = people.get(userId);
      if (known !== undefined) {
        // What waited for nothing else is due when this is.
        if (known.untold.size === 0) known.dueMs = Math.max(known.dueMs, dueMs);
        known.untold.set(waiting.approval.id, waiting);
      } else if (people.size < noticeLimits.people)
        people.set(userId, {
          untold: new Map([[waiting.approval.id, waiting]]),
          dueMs,
          failed: 0,
          tried: [],
          isBusy: false,
        });
    }
  }
  const stopListening = approvals.onAsked((waiting) => {
    if (!closing.signal.aborted) inBackground('see who is told of a question', () => gather(waiting));
  });

  function hasRoom(userId: string, nowMs: number): boolean {
    sent = sent.filter(({ atMs }) => nowMs - atMs < hourMs);
    const own = sent.filter((one) => one.userId === userId).length;
    return sent.length < noticeLimits.perHour && own < noticeLimits.perPersonHour;
  }

  /** Leaves those that still wait for an answer of theirs. */
  async function stillWaiting(userId: string, { untold }: Person): Promise<readonly WaitingApproval[]> {
    const now = new Map(approvals.waiting().map((one) => [one.approval.id, one]));
    for (const [id, before] of untold) {
      const waiting = now.get(id);
      if (waiting === undefined || !(await wouldCount(userId, waiting, needs))) untold.delete(id);
      else if (waiting !== before) untold.set(id, waiting);
    }
    return [...untold.values()].toSorted((one, other) => one.waitsUntilMs - other.waitsUntilMs);
  }

  async function attempt(userId: string, questions: readonly WaitingApproval[]): Promise<Outcome> {
    const atMs = clock.monotonicMs();
    if (!hasRoom(userId, atMs)) return { kind: 'too-many' };
    // Counted before it is sent: what the other side takes and then denies counts too.
    sent.push({ userId, atMs });
    const asked = questions.map(({ approval: { id }, waitsUntilMs }) => ({ id, waitsUntilMs }));
    try {
      const message = noticeMessage({ questions: asked, origin: telling.origin() });
      return await telling.deliver({ userId, ...message, signal: closing.signal });
    } catch (error) {
      needs.log('Cannot send word of a waiting question', { reason: messageOf(error) });
      return { kind: 'not-taken' };
    }
  }

  async function tell(userId: string, person: Person): Promise<void> {
    const questions = await stillWaiting(userId, person);
    if (questions.length === 0) {
      // Nobody waits any more; that it was tried in vain is told all the same.
      const { failed, tried } = person;
      person.failed = 0;
      if (failed > 0) await record(userId, { outcome: { kind: 'not-taken' }, attempts: failed, questions: tried });
      return;
    }
    const ids = questions.map(({ approval: { id } }) => id);
    const outcome = await attempt(userId, questions);
    const nowMs = clock.monotonicMs();
    if (outcome.kind === 'not-taken') {
      const againMs = noticeLimits.againMs[person.failed];
      person.failed += 1;
      person.tried = ids;
      if (againMs !== undefined && !closing.signal.aborted) {
        person.dueMs = nowMs + againMs;
        return;
      }
    }
    for (const id of ids) person.untold.delete(id);
    const attempts = outcome.kind === 'sent' ? person.failed + 1 : person.failed;
    person.failed = 0;
    person.dueMs = nowMs + noticeLimits.perPersonMs;
    await record(userId, { outcome, attempts, questions: ids });
  }

  async function record(
    userId: string,
    { outcome, attempts, questions }: { outcome: Outcome; attempts: number; questions: readonly string[] },
  ): Promise<void> {
    const { kind } = outcome;
    if (kind !== 'sent' && kind !== 'not-taken') {
      // That somebody has no address is the same with each question: said once an hour.
      const [key, nowMs] = [`${kind} ${userId}`, clock.monotonicMs()];
      for (const [one, atMs] of saidMs) if (nowMs - atMs >= hourMs) saidMs.delete(one);
      if (saidMs.has(key)) return;
      saidMs.set(key, nowMs);
    }
    const details: JsonObject = {
      by: 'email',
      questions: [...questions],
      ...(outcome.kind === 'sent' ? { to: outcome.to } : { not_sent: kind }),
      ...(attempts === 0 ? {} : { attempts }),
    };
    const event = guardEvent({
      nowMs: clock.nowMs(),
      by: { kind: 'system', id: 'server', name: 'server' },
      action: 'agent.notice',
      target: { type: 'user', id: userId },
      details,
      outcome: kind === 'sent' ? 'success' : 'failure',
    });
    await needs.database.transaction().execute((transaction) => needs.outbox.record(transaction, event));
  }

  return {
    tick() {
      const nowMs = clock.monotonicMs();
      let free = noticeLimits.atOnce - [...people.values()].filter(({ isBusy }) => isBusy).length;
      for (const [userId, person] of people) {
        if (person.isBusy || nowMs < person.dueMs) continue;
        if (person.untold.size === 0) people.delete(userId);
        else if (free > 0 && !closing.signal.aborted) {
          free -= 1;
          person.isBusy = true;
          inBackground('tell somebody of a waiting question', () =>
            tell(userId, person).finally(() => {
              person.isBusy = false;
            }),
          );
        }
      }
    },

    async settled() {
      while (busy.size > 0) await Promise.all(busy);
    },

    async close() {
      stopListening();
      closing.abort();
      await Promise.all(busy);
    },
  };
}
