import type { Clock } from '@sallyport/platform/clock';
import type { Database, Transaction } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import { createTurns } from '@sallyport/platform/turns';
import type { Actor, AuditEvent } from '../audit-event.ts';
import { LedgerError } from '../errors.ts';
import type { Outbox } from '../outbox.ts';
import { parseTimeAuthorityUrl } from './call-authority.ts';
import { fingerprintOf, readAuthorities } from './certificate-path.ts';
import { timeStampEvent } from './time-stamp-events.ts';
import type { TimeAuthority, TimeStampStore } from './time-stamp-store.ts';

export type NewTimeAuthority = { readonly url: string; readonly rootsPem: string; readonly authorityPem?: string };

/** What people change about time-stamps; each change is an audit record. */
export type TimeStampChanges = {
  /** Throws `time_authority_invalid`, `time_authority_known`. */
  add(request: NewTimeAuthority & { readonly actor: Actor }): Promise<TimeAuthority>;
  /** What it has stamped stays. Throws `time_authority_unknown`. */
  remove(request: { readonly id: string; readonly actor: Actor }): Promise<void>;
  setEvery(request: { readonly minutes: number; readonly actor: Actor }): Promise<void>;
  /** Throws `time_authority_unknown`. */
  find(id: string): Promise<TimeAuthority>;
};

const mostAuthorities = 4;

export function createTimeStampChanges(needs: {
  readonly store: TimeStampStore;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
}): TimeStampChanges {
  const { store, clock } = needs;
  // Each is judged by what the one before has stored.
  const inTurn = createTurns();

  async function change(event: AuditEvent, work: (transaction: Transaction) => Promise<void>): Promise<void> {
    await needs.database.transaction().execute(async (transaction) => {
      await work(transaction);
      await needs.outbox.record(transaction, event);
    });
    await needs.outbox.flushed();
  }
  async function find(id: string): Promise<TimeAuthority> {
    const found = (await store.authorities()).find((authority) => authority.id === id);
    if (found === undefined)
      throw new LedgerError('time_authority_unknown', `Cannot find time-stamping authority "${id}"`);
    return found;
  }

  return {
    find,
    add: (request) =>
      inTurn(async () => {
        const { actor, rootsPem, authorityPem } = request;
        const url = parseTimeAuthorityUrl(request.url.trim());
        const roots = rootsIn(rootsPem, 'the roots');
        if (authorityPem !== undefined) rootsIn(authorityPem, 'the authority of its TLS certificate');
        const known = await store.authorities();
        if (known.some((other) => other.url === url))
          throw new LedgerError('time_authority_known', `Cannot add "${url}": it is asked already`);
        if (known.length >= mostAuthorities)
          throw new LedgerError('time_authority_invalid', `Cannot add an authority: there are ${known.length} already`);
        const authority: TimeAuthority = {
          id: needs.random(8).toString('hex'),
          url,
          rootsPem,
          authorityPem,
          addedAtMs: clock.nowMs(),
          addedBy: { id: actor.id, name: actor.name },
        };
        const event = timeStampEvent(clock.nowMs(), {
          action: 'time-authority.add',
          actor,
          about: url,
          message: `Checkpoints are stamped by ${url}`,
          details: { id: authority.id, url, roots_sha256: [...roots] },
        });
        await change(event, (transaction) => store.add(transaction, authority));
        return authority;
      }),
    remove: ({ id, actor }) =>
      inTurn(async () => {
        const { url } = await find(id);
        const remaining = (await store.authorities()).length - 1;
        const event = timeStampEvent(clock.nowMs(), {
          action: 'time-authority.remove',
          actor,
          about: url,
          message: `Checkpoints are no longer stamped by ${url}`,
          details: { id, url, remaining },
        });
        await change(event, (transaction) => store.remove(transaction, id));
      }),
    setEvery: ({ minutes, actor }) =>
      inTurn(async () => {
        const before = await store.everyMinutes();
        const event = timeStampEvent(clock.nowMs(), {
          action: 'time-authority.interval',
          actor,
          about: 'ledger',
          message: `Checkpoints are stamped every ${minutes} minutes`,
          details: { every_minutes: minutes, every_minutes_before: before, weaker: minutes > before },
        });
        await change(event, (transaction) => store.setEveryMinutes(transaction, minutes));
      }),
  };
}

/** Their fingerprints. */
function rootsIn(pem: string, what: string): readonly string[] {
  try {
    return readAuthorities(pem).map(fingerprintOf);
  } catch (error) {
    throw new LedgerError('time_authority_invalid', `Cannot use ${what}: ${messageOf(error)}`, { cause: error });
  }
}
