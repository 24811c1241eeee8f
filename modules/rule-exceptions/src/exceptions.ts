import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { RuleExceptionError } from './errors.ts';
import { dayMs, exceptionLimits, originsOf } from './exception.ts';
import type { ExceptionText, ExceptionVersion, Hint, KnownRule, Person } from './exception.ts';
import { exceptionEvent } from './exception-audit.ts';
import type { AuditedAction } from './exception-audit.ts';
import {
  approveVersion,
  forgetOldest,
  hiddenByDay,
  hiddenByRule,
  readExceptions,
  writeVersion,
  writeWithdrawal,
} from './exception-store.ts';
import type { StoredException } from './exception-store.ts';
import { createLiveExceptions } from './live-exceptions.ts';
import type { LiveExceptions } from './live-exceptions.ts';
import type { RuleExceptionNeeds } from './needs.ts';
import { hintsOf } from './review.ts';
import { createTextChecks, namesOf, refuseTooMany } from './text-checks.ts';
import type { NewException } from './text-checks.ts';
import { createTrials } from './trials.ts';
import type { Trial } from './trials.ts';

export type ReviewedException = StoredException & {
  readonly hints: readonly Hint[];
  /** Of the last 30 days, by whole days. */
  readonly days: readonly { readonly day: number; readonly hidden: number }[];
};

export type Seen = { readonly id: string; readonly revision: number; readonly by: Principal };

export type RuleExceptions = {
  /** What detection asks. */
  readonly live: LiveExceptions;
  list(): Promise<readonly ReviewedException[]>;
  /** Throws `exception_not_found`. */
  get(id: string): Promise<ReviewedException>;
  /** Throws what `create` does of its text, and `trials_full`. */
  try(asked: { readonly text: ExceptionText; readonly days: number; readonly by: Principal }): Promise<Trial>;
  trial(id: string, by: Principal): Trial;
  cancelTrial(id: string, by: Principal): Trial;
  /**
   * In force at once, or proposed where a second person must approve it. Throws `exception_condition_refused`, `exception_rule_unknown`, `exception_invalid`,
   * `exception_not_allowed`, `exception_unaccepted`, `exceptions_exhausted`, `trial_not_found`.
   */
  create(asked: NewException): Promise<ReviewedException>;
  /** A new version, in force from now on; what was hidden before stays hidden. Throws also `exception_changed_meanwhile`, `exception_over`. */
  change(asked: NewException & Seen): Promise<ReviewedException>;
  /** Throws `exception_own_approval`. */
  approve(asked: Seen): Promise<ReviewedException>;
  /** Events received from then on are told again. */
  withdraw(asked: Seen & { readonly reason: string }): Promise<ReviewedException>;
  /** How many matches of each rule were hidden since then, by whole days. */
  hiddenByRule(sinceMs: number): Promise<ReadonlyMap<string, number>>;
  /** Whether it needs `settings:manage` and a fresh proof. */
  needsFurtherRight(text: ExceptionText): boolean;
  close(): Promise<void>;
};

export function createRuleExceptions(needs: RuleExceptionNeeds): RuleExceptions {
  const { database, outbox, clock } = needs;
  const live = createLiveExceptions(needs);
  const trials = createTrials(needs);
  const { refuseUnsound, refuseUnallowed, weigh, concernsUs, needsFurtherRight } = createTextChecks(needs, trials);

  const knownRules = (): Map<string, KnownRule> => new Map(needs.rules().map((rule) => [rule.id, rule]));

  async function reviewed(exceptions: readonly StoredException[]): Promise<ReviewedException[]> {
    const nowMs = clock.nowMs();
    const rules = knownRules();
    const days = await hiddenByDay(database, nowMs - 90 * dayMs);
    const monthAgo = Math.floor(nowMs / dayMs) - 30;
    return exceptions.map((exception) => {
      const own = days.get(exception.id) ?? [];
      const hints = hintsOf(exception, { nowMs, days: own, rules });
      return { ...exception, hints, days: own.filter(({ day }) => day > monthAgo) };
    });
  }

  async function get(id: string): Promise<ReviewedException> {
    const [found] = await reviewed(await readExceptions(database, needs.sealingKey, clock.nowMs(), id));
    if (found === undefined) throw new RuleExceptionError('exception_not_found', `Cannot find exception "${id}"`);
    return found;
  }

  /** As it is in the transaction. */
  async function seen(transaction: Transaction, { id, revision }: Seen): Promise<StoredException> {
    const [found] = await readExceptions(transaction, needs.sealingKey, clock.nowMs(), id);
    if (found === undefined) throw new RuleExceptionError('exception_not_found', `Cannot find exception "${id}"`);
    if (found.revision !== revision) {
      throw new RuleExceptionError(
        'exception_changed_meanwhile',
        `Cannot change exception "${id}": it is at revision ${found.revision}, not ${revision}`,
        { hint: 'look at it again' },
      );
    }
    if (found.state === 'withdrawn')
      throw new RuleExceptionError('exception_over', `Cannot change exception "${id}": it was withdrawn`);
    return found;
  }

  function record(
    transaction: Transaction,
    action: AuditedAction,
    what: {
      readonly id: string;
      readonly version: ExceptionVersion;
      readonly by: Person;
      readonly details?: JsonObject;
    },
  ): Promise<void> {
    const isAboutUs = concernsUs(what.version.text);
    return outbox.record(transaction, exceptionEvent({ ...what, action, nowMs: clock.nowMs(), isAboutUs }));
  }

  return {
    live,
    list: async () => reviewed(await readExceptions(database, needs.sealingKey, clock.nowMs())),
    get,
    async try({ text, days, by }) {
      await refuseUnsound(text);
      return trials.start(text, days, by);
    },
    trial: trials.get,
    cancelTrial: trials.cancel,
    async create(asked) {
      const { text, by } = asked;
      await refuseUnsound(text);
      refuseUnallowed(text, by);
      const { trial, accepted, isAboutSelf } = weigh(asked);
      const id = Buffer.from(needs.random(12)).toString('hex');
      await live.change((fromMs) =>
        database.transaction().execute(async (transaction) => {
          await refuseTooMany(transaction, asked, clock.nowMs());
          const version: ExceptionVersion = {
            version: 1,
            text,
            fromMs: isAboutSelf ? undefined : fromMs,
            toMs: text.untilMs,
            madeAtMs: clock.nowMs(),
            madeBy: personOf(by),
            approvedBy: undefined,
            trial,
            accepted,
            origins: originsOf(text, knownRules()),
          };
          await writeVersion(transaction, needs, id, version);
          await forgetOldest(transaction, live.throughMs());
          await record(transaction, isAboutSelf ? 'propose' : 'create', { id, version, by: personOf(by) });
        }),
      );
      await outbox.flushed();
      return get(id);
    },
    async change(asked) {
      const { text, by, id } = asked;
      await refuseUnsound(text);
      refuseUnallowed(text, by);
      const { trial, accepted, isAboutSelf } = weigh(asked);
      await live.change((fromMs) =>
        database.transaction().execute(async (transaction) => {
          const before = await seen(transaction, asked);
          await refuseTooMany(transaction, asked, clock.nowMs(), before);
          const [newest] = before.versions;
          const number = (newest?.version ?? 0) + 1;
          if (isAboutSelf && newest?.fromMs !== undefined)
            throw new RuleExceptionError(
              'exception_own_approval',
              `Cannot change exception "${id}" to hide findings about oneself: a second person must approve that`,
              { hint: 'make another exception, which they can approve' },
            );
          if (number > exceptionLimits.versions)
            throw new RuleExceptionError(
              'exceptions_exhausted',
              `Cannot change exception "${id}" again: it has ${number - 1} versions, make another one`,
            );
          const isProposed = newest?.fromMs === undefined;
          const version: ExceptionVersion = {
            version: number,
            text,
            fromMs: isProposed ? undefined : fromMs,
            toMs: text.untilMs,
            madeAtMs: clock.nowMs(),
            madeBy: personOf(by),
            approvedBy: undefined,
            trial,
            accepted,
            origins: originsOf(text, knownRules()),
          };
          await writeVersion(transaction, needs, id, version);
          await record(transaction, 'change', { id, version, by: personOf(by) });
        }),
      );
      await outbox.flushed();
      return get(id);
    },
    async approve(asked) {
      const { id, by } = asked;
      await live.change((fromMs) =>
        database.transaction().execute(async (transaction) => {
          const { versions, state } = await seen(transaction, asked);
          const [newest] = versions;
          if (newest === undefined || state !== 'proposed')
            throw new RuleExceptionError('exception_over', `Cannot approve exception "${id}": it is ${state}`);
          refuseUnallowed(newest.text, by);
          if (by.kind !== 'user')
            throw new RuleExceptionError(
              'exception_own_approval',
              `Cannot approve exception "${id}" with a key: must be a person, with a session of their own`,
            );
          const isMaker = versions.some(({ madeBy }) => madeBy.kind === by.kind && madeBy.id === by.id);
          if (isMaker || namesOf(newest.text).has(by.name.toLowerCase()))
            throw new RuleExceptionError(
              'exception_own_approval',
              `Cannot approve exception "${id}": must be somebody who neither made it nor is named in it`,
            );
          const version = { ...newest, fromMs, approvedBy: personOf(by) };
          await approveVersion(transaction, needs, id, version);
          await record(transaction, 'approve', { id, version, by: personOf(by) });
        }),
      );
      await outbox.flushed();
      return get(id);
    },
    async withdraw(asked) {
      const { id, by, reason } = asked;
      await live.change((atMs) =>
        database.transaction().execute(async (transaction) => {
          const { versions, hidden } = await seen(transaction, asked);
          await writeWithdrawal(transaction, needs, id, { atMs, by: personOf(by), reason });
          const [version] = versions;
          if (version === undefined) return;
          const details = { withdrawn_because: reason, hidden };
          await record(transaction, 'withdraw', { id, version, by: personOf(by), details });
        }),
      );
      await outbox.flushed();
      return get(id);
    },
    hiddenByRule: (sinceMs) => hiddenByRule(database, sinceMs),
    needsFurtherRight,
    close: () => trials.close(),
  };
}

function personOf({ kind, id, name }: Principal): Person {
  return { kind, id, name };
}
