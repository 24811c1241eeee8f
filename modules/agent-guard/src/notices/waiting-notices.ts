import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import type { Approvals } from '../approvals/approvals.ts';
import type { WaitingApproval } from '../approvals/open-questions.ts';
import { guardEvent } from '../audit-record.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { NoticeChoices } from './notice-choices.ts';
import { noticeMessage } from './notice-message.ts';
import { askerOf, createNoticeRoom } from './notice-room.ts';
import type { Telling } from './telling.ts';
import { unlessAborted } from './unless-aborted.ts';
import { concerning, whoMayBeTold } from './who-is-told.ts';

/**
 * Mail to people about questions that wait for them. Quiet: what is answered within ten seconds nobody is told of, what comes meanwhile is
 * gathered, a person gets one a minute and twenty an hour at most, all together 300 an hour, shared among those who ask;
 * what there was no room for is told when there is. Tried three times while something still waits, and what became of it stands in the
 * trail. No question waits for it, and none changes by it.
 */
export type WaitingNotices = {
  /** Sends what is due; to be called every second. Resolves without waiting for mail. */
  tick(): void;
  /** When what is being sent has been sent or given up. */
  settled(): Promise<void>;
  /** Gives up what is being sent, and sends nothing any more. Waits five seconds at most for what is being written. */
  close(): Promise<void>;
};

export const noticeLimits = {
  gatherMs: 10_000,
  perPersonMs: 60_000,
  perPersonHour: 20,
  perHour: 300,
  alwaysPerson: 1,
  always: 10,
  /** After the first, the second and the third time it failed. */
  againMs: [15_000, 45_000],
  atOnce: 4,
  /** The longest an attempt may take, whoever holds it. */
  attemptMs: 30_000,
  people: 1000,
} as const;
const hourMs = 3_600_000;
const closeWithinMs = 5000;
/** Of one person; what is over is let go of then. */
const manyUntold = 200;

type Person = {
  /** Questions not told of yet. */
  readonly untold: Map<string, WaitingApproval>;
  /** By the monotonic clock. */
  dueMs: number;
  failed: number;
  /** What the last attempt told of, where it failed. */
  tried: readonly string[];
  isBusy: boolean;
  /** There was no room: due sooner where a question of another comes that has some. */
  isHeld: boolean;
  /** Ends the attempt under way. */
  attempt?: { readonly sinceMs: number; readonly giveUp: AbortController };
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
  const room = createNoticeRoom({ clock, ...noticeLimits });
  /** What was said of somebody lately that would be the same again. */
  const saidMs = new Map<string, number>();

  const inBackground = (what: string, task: () => Promise<void>): void => {
    const done = task().catch((error: unknown) => needs.log(`Cannot ${what}`, { reason: messageOf(error) }));
    busy.add(done);
    void done.finally(() => busy.delete(done));
  };

  async function gather(waiting: WaitingApproval): Promise<void> {
    for (const userId of await whoMayBeTold(waiting, needs)) {
      const dueMs = clock.monotonicMs() + noticeLimits.gatherMs;
      const known = people.get(userId);
      if (known === undefined) {
        if (people.size >= noticeLimits.people) continue;
        const untold = new Map([[waiting.approval.id, waiting]]);
        people.set(userId, { untold, dueMs, failed: 0, tried: [], isBusy: false, isHeld: false });
        continue;
      }
      const { untold } = known;
      // What waited for nothing else is due when this is.
      if (untold.size === 0) known.dueMs = Math.max(known.dueMs, dueMs);
      else if (known.isHeld) {
        const fromMs = room.fromMs(userId, new Set([askerOf(waiting.standing)]));
        known.dueMs = Math.min(known.dueMs, Math.max(dueMs, fromMs));
      }
      untold.set(waiting.approval.id, waiting);
      if (untold.size > manyUntold && !known.isBusy) stillOpen(untold);
    }
  }
  const stopListening = approvals.onAsked((waiting) => {
    if (!closing.signal.aborted) inBackground('see who is told of a question', () => gather(waiting));
  });

  /** As they stand now; lets go of what waits no more. */
  function stillOpen(untold: Person['untold']): readonly WaitingApproval[] {
    const now = new Map(approvals.waiting().map((one) => [one.approval.id, one]));
    for (const id of untold.keys()) {
      const waiting = now.get(id);
      if (waiting === undefined) untold.delete(id);
      else untold.set(id, waiting);
    }
    return [...untold.values()];
  }

  /** Leaves those that still wait for an answer of theirs, as they may and as they chose by now. */
  async function stillWaiting(userId: string, { untold }: Person): Promise<readonly WaitingApproval[]> {
    const open = stillOpen(untold);
    const theirs = open.length === 0 ? [] : await concerning(userId, open, needs);
    for (const one of open) if (!theirs.includes(one)) untold.delete(one.approval.id);
    return theirs.toSorted((one, other) => one.waitsUntilMs - other.waitsUntilMs);
  }

  async function attempt(userId: string, person: Person, questions: readonly WaitingApproval[]): Promise<Outcome> {
    const askers = new Set(questions.map(({ standing }) => askerOf(standing)));
    if (room.fromMs(userId, askers) > clock.monotonicMs()) return { kind: 'too-many' };
    // Counted before it is sent: what the other side takes and then denies counts too.
    const giveBack = room.take(userId, askers);
    const asked = questions.map(({ approval: { id }, waitsUntilMs }) => ({ id, waitsUntilMs }));
    const giveUp = new AbortController();
    person.attempt = { sinceMs: clock.monotonicMs(), giveUp };
    const signal = AbortSignal.any([closing.signal, giveUp.signal]);
    try {
      const message = noticeMessage({ questions: asked, origin: telling.origin() });
      const outcome = await unlessAborted(telling.deliver({ userId, ...message, signal }), signal);
      if (outcome.kind !== 'sent') giveBack();
      return outcome;
    } catch (error) {
      needs.log('Cannot send word of a waiting question', { reason: messageOf(error) });
      return { kind: 'not-taken' };
    } finally {
      delete person.attempt;
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
    const outcome = await attempt(userId, person, questions);
    const nowMs = clock.monotonicMs();
    if (outcome.kind === 'too-many') {
      // Kept: told of when there is room, if it waits then.
      person.isHeld = true;
      person.dueMs = room.fromMs(userId, new Set(questions.map(({ standing }) => askerOf(standing))));
      await record(userId, { outcome, attempts: person.failed, questions: ids });
      return;
    }
    person.isHeld = false;
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
        const { attempt: underWay } = person;
        if (underWay !== undefined && nowMs - underWay.sinceMs >= noticeLimits.attemptMs) underWay.giveUp.abort();
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
      await Promise.race([Promise.all(busy), sleep(closeWithinMs, undefined, { ref: false })]);
    },
  };
}
