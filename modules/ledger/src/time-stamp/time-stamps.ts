import { createHash } from 'node:crypto';
import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { checkpointFileName, tokenFileName } from '../anchor-files.ts';
import type { LedgerClient } from '../ledger-client.ts';
import type { CosignedCheckpoint } from '../log-prover.ts';
import type { Outbox } from '../outbox.ts';
import type { WitnessAlarms } from '../witness/witness-alarms.ts';
import type { CallTimeAuthority } from './call-authority.ts';
import { stampCheckpoint } from './stamp-checkpoint.ts';
import type { StampAnswer } from './stamp-checkpoint.ts';
import { createTimeStampChanges } from './time-stamp-changes.ts';
import type { TimeStampChanges } from './time-stamp-changes.ts';
import { timeStampEvent } from './time-stamp-events.ts';
import { createTimeStampTelling } from './time-stamp-telling.ts';
import type { StoredStamp, TimeAuthority, TimeStampStore } from './time-stamp-store.ts';

export type TimeAuthorityState = {
  readonly authority: TimeAuthority;
  /** Of the newest log. */
  readonly newest: StoredStamp | undefined;
  readonly askedAtMs: number | undefined;
  readonly problem: { readonly kind: 'none' | 'wrong'; readonly message: string } | undefined;
};

export type TimeStampReport = {
  readonly authorities: readonly TimeAuthorityState[];
  readonly everyMinutes: number;
  readonly stamps: readonly StoredStamp[];
  readonly stampsInAll: number;
};

export type TimeStamps = Omit<TimeStampChanges, 'find'> & {
  /** Called every second: asks whoever is due. */
  tick(): Promise<void>;
  /** Asks it now, whatever failed before. Throws `time_authority_unknown`. */
  ask(id: string): Promise<void>;
  report(mostStamps: number): Promise<TimeStampReport>;
  /** Resolves when nobody is being asked. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

export type TimeStampsNeeds = {
  readonly store: TimeStampStore;
  readonly alarms: WitnessAlarms;
  readonly ledger: Pick<LedgerClient, 'head' | 'checkpoint' | 'keepAnchor'>;
  readonly cosigned: (log: number) => Promise<CosignedCheckpoint | undefined>;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly call: CallTimeAuthority;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly deadline: (ms: number) => AbortSignal;
  readonly log: Log;
};

const answerTimeoutMs = 30_000;
const firstPauseMs = 60_000;
const longestPauseMs = 3_600_000;
/** So many intervals without a stamp of a log that grows are an alarm. */
const lateAfterIntervals = 3;

type Standing = {
  /** While it is being asked. */
  underWay: Promise<void> | undefined;
  failures: number;
  nextAtMs: number;
  askedAtMs: number | undefined;
  /** By the monotonic clock, since something was there to be stamped. */
  dueSinceMs: number | undefined;
  problem: TimeAuthorityState['problem'];
};

/**
 * Has authorities outside (RFC 3161) state that a checkpoint existed by a time: whoever later owns this host and its log's key
 * cannot make one that is older. A stamp is of the newest checkpoint that witnesses have cosigned, where there are any.
 */
export function createTimeStamps(needs: TimeStampsNeeds): TimeStamps {
  const { store, ledger, clock, alarms } = needs;
  const { find, ...changes } = createTimeStampChanges(needs);
  const { tellAnswer, tellLate } = createTimeStampTelling(needs);
  const standings = new Map<string, Standing>();
  const running = new Set<Promise<unknown>>();
  const stopping = new AbortController();
  let isTicking = false;

  const standingOf = (id: string): Standing => {
    const fresh = {
      underWay: undefined,
      failures: 0,
      nextAtMs: 0,
      askedAtMs: undefined,
      dueSinceMs: undefined,
      problem: undefined,
    };
    const known: Standing = standings.get(id) ?? fresh;
    standings.set(id, known);
    return known;
  };

  /** What is to be stamped: cosigned by enough witnesses where there are any, else signed by the log alone. */
  async function newestCheckpoint(): Promise<
    (CosignedCheckpoint & { readonly log: number; readonly size: number }) | undefined
  > {
    const { log, index } = ledger.head();
    if (index === 0) return undefined;
    const found = (await needs.cosigned(log)) ?? { checkpoint: await ledger.checkpoint(log), witnessKeys: [] };
    const { treeSize } = parseSignedCheckpoint(found.checkpoint).checkpoint;
    return treeSize === 0 ? undefined : { ...found, log, size: treeSize };
  }

  /** One request at a time; whoever asks meanwhile waits for the same answer. */
  function stamp(authority: TimeAuthority): Promise<void> {
    const standing = standingOf(authority.id);
    standing.underWay ??= stampNow(authority, standing).finally(() => {
      standing.underWay = undefined;
    });
    return standing.underWay;
  }

  async function stampNow(authority: TimeAuthority, standing: Standing): Promise<void> {
    const subject = await newestCheckpoint();
    if (subject === undefined) return;
    standing.askedAtMs = clock.nowMs();
    const signal = AbortSignal.any([stopping.signal, needs.deadline(answerTimeoutMs)]);
    const answer = await stampCheckpoint(needs, { authority, checkpoint: subject.checkpoint, signal });
    if (stopping.signal.aborted) return;
    if (answer.kind === 'stamped') await keep(authority, subject, answer);
    note(standing, answer);
    await tellAnswer(authority, answer);
  }

  async function keep(
    authority: TimeAuthority,
    { log, size, checkpoint, witnessKeys }: CosignedCheckpoint & { readonly log: number; readonly size: number },
    { token, stamp: said }: Extract<StampAnswer, { kind: 'stamped' }>,
  ): Promise<void> {
    await ledger.keepAnchor(log, checkpointFileName(size), Buffer.from(checkpoint));
    await ledger.keepAnchor(log, tokenFileName(size, authority.id), token);
    const stored: StoredStamp = {
      log,
      size,
      authorityId: authority.id,
      atMs: said.atMs,
      accuracyMs: said.accuracyMs,
      serialNumber: said.serialNumber,
      signer: said.signer.name,
      signerUntilMs: said.signer.validUntilMs,
      root: said.authority?.name ?? '',
      rootSha256: said.authority?.sha256 ?? '',
      checkpoint,
      witnessKeys,
      token: token.toString('base64'),
    };
    const event = timeStampEvent(clock.nowMs(), {
      action: 'ledger.time-stamped',
      about: authority.url,
      message: `${said.signer.name} states that log ${log} had ${size} entries by ${new Date(said.atMs).toISOString()}`,
      details: {
        log,
        size,
        stated_time: new Date(said.atMs).toISOString(),
        signer: said.signer.name,
        serial_number: said.serialNumber,
        token_sha256: createHash('sha256').update(token).digest('hex'),
      },
    });
    await needs.database.transaction().execute(async (transaction) => {
      await store.remember(transaction, stored);
      await needs.outbox.record(transaction, event);
    });
    await needs.outbox.flushed();
  }

  function note(standing: Standing, answer: StampAnswer): void {
    if (answer.kind === 'stamped') {
      Object.assign(standing, { failures: 0, nextAtMs: 0, dueSinceMs: undefined, problem: undefined });
      return;
    }
    standing.nextAtMs =
      clock.monotonicMs() + Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(standing.failures, 10));
    standing.failures += 1;
    standing.problem = { kind: answer.kind, message: answer.message };
  }

  /** Whether it is its turn; and since when it would have been, for the alarm. */
  async function look(authority: TimeAuthority, everyMs: number): Promise<void> {
    const standing = standingOf(authority.id);
    const { log, index } = ledger.head();
    const newest = await store.newest(log, authority.id);
    const isGrown = index > (newest?.size ?? 0);
    // A clock put back must not end all stamping.
    const sinceMs = newest === undefined ? Infinity : Math.abs(clock.nowMs() - newest.atMs);
    if (!isGrown || sinceMs < everyMs) {
      standing.dueSinceMs = undefined;
      return;
    }
    standing.dueSinceMs ??= clock.monotonicMs();
    if (clock.monotonicMs() - standing.dueSinceMs > lateAfterIntervals * everyMs)
      await tellLate(authority, newest, standing.problem?.message);
    if (standing.underWay === undefined && clock.monotonicMs() >= standing.nextAtMs) void track(stamp(authority));
  }

  function track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error: unknown) => needs.log.warn('A checkpoint was not stamped', { message: messageOf(error) }))
      .finally(() => running.delete(tracked));
    running.add(tracked);
    return tracked;
  }
  async function settled(): Promise<void> {
    while (running.size > 0) await Promise.allSettled(running);
  }

  return {
    ...changes,
    async add(request) {
      const authority = await changes.add(request);
      await track(stamp(authority));
      return authority;
    },
    async remove(request) {
      await changes.remove(request);
      standings.delete(request.id);
      await alarms.forget((id) => id.startsWith('time-stamp/') && id.endsWith(`/${request.id}`));
    },
    async ask(id) {
      const authority = await find(id);
      await track(stamp(authority));
    },
    async tick() {
      if (isTicking) return;
      isTicking = true;
      try {
        const authorities = await store.authorities();
        if (authorities.length === 0) return;
        const everyMs = (await store.everyMinutes()) * 60_000;
        for (const authority of authorities) await look(authority, everyMs);
      } catch (error) {
        needs.log.warn('Time-stamps were not looked after', { message: messageOf(error) });
      } finally {
        isTicking = false;
      }
    },
    async report(mostStamps) {
      const { log } = ledger.head();
      const [authorities, everyMinutes, stamps, stampsInAll] = await Promise.all([
        store.authorities(),
        store.everyMinutes(),
        store.list(mostStamps),
        store.count(),
      ]);
      return {
        authorities: await Promise.all(
          authorities.map(async (authority) => {
            const { askedAtMs, problem } = standingOf(authority.id);
            return { authority, newest: await store.newest(log, authority.id), askedAtMs, problem };
          }),
        ),
        everyMinutes,
        stamps,
        stampsInAll,
      };
    },
    settled,
    async close() {
      stopping.abort();
      await settled();
    },
  };
}
