import { createHash } from 'node:crypto';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Clock } from '@sallyport/platform/clock';
import type { Shown } from '../admission/assurance.ts';
import { formatShown, parseShown } from '../admission/shown-format.ts';

/** What a ticket lets its holder do next; one for one purpose is nothing for another. */
export type TicketPurpose = 'setup' | 'invitation' | 'enrolment' | 'second-factor';

export type Ticket = {
  readonly userId: string | undefined;
  readonly expiresAtMs: number;
  readonly attempts: number;
  /** What its holder has shown on the way here; undefined before anything was admitted. */
  readonly shown: Shown | undefined;
};

const lifetimesMs: Readonly<Record<TicketPurpose, number>> = {
  setup: 30 * 60_000,
  invitation: 72 * 3_600_000,
  enrolment: 15 * 60_000,
  'second-factor': 5 * 60_000,
};
/** Of something that is kept elsewhere, and noted here once it was used. */
const spentPurpose = 'spent';
const tokenBytes = 32;

type Tables = {
  identity_tickets: {
    hash: string;
    purpose: string;
    user_id: string | null;
    expires_at_ms: number;
    attempts: number;
    shown: string | null;
  };
};

/**
 * Steps of a conversation with somebody who has no session yet: 256 random bits, stored as a hash, each for one purpose and
 * a short time. Every function runs in the transaction or database it is handed.
 */
export type Tickets = {
  issue(
    where: Database | Transaction,
    ticket: { readonly purpose: TicketPurpose; readonly userId?: string; readonly shown?: Shown },
  ): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  find(where: Database | Transaction, purpose: TicketPurpose, token: string): Promise<Ticket | undefined>;
  /** Of all who try at once, one gets it. */
  consume(where: Database | Transaction, purpose: TicketPurpose, token: string): Promise<Ticket | undefined>;
  /** Notes that a token which we do not keep was used. False when it was before; of all who try at once, one gets true. */
  spend(where: Database | Transaction, token: string, expiresAtMs: number): Promise<boolean>;
  countAttempt(where: Database | Transaction, token: string): Promise<void>;
  /** So that what was sent to its holder has the time to arrive. */
  extend(where: Database | Transaction, token: string, expiresAtMs: number): Promise<void>;
  /** All of one purpose, all of one person, or all of those who have shown one thing on the way. */
  forget(
    where: Database | Transaction,
    which:
      | { readonly purpose: TicketPurpose; readonly userId?: string }
      | { readonly userId: string }
      | { readonly method: string },
  ): Promise<void>;
};

export function createTickets(needs: {
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
}): Tickets {
  const { clock, random } = needs;

  const find: Tickets['find'] = async (where, purpose, token) => {
    const row = await tables(where)
      .selectFrom('identity_tickets')
      .selectAll()
      .where('hash', '=', hashOf(token))
      .where('purpose', '=', purpose)
      .where('expires_at_ms', '>', clock.nowMs())
      .executeTakeFirst();
    return row === undefined
      ? undefined
      : {
          userId: row.user_id ?? undefined,
          expiresAtMs: row.expires_at_ms,
          attempts: row.attempts,
          shown: row.shown === null ? undefined : parseShown(row.shown),
        };
  };

  return {
    find,

    async issue(where, { purpose, userId, shown }) {
      const nowMs = clock.nowMs();
      const token = Buffer.from(random(tokenBytes)).toString('base64url');
      const expiresAtMs = nowMs + lifetimesMs[purpose];
      await tables(where).deleteFrom('identity_tickets').where('expires_at_ms', '<=', nowMs).execute();
      await tables(where)
        .insertInto('identity_tickets')
        .values({
          hash: hashOf(token),
          purpose,
          user_id: userId ?? null,
          expires_at_ms: expiresAtMs,
          attempts: 0,
          shown: shown === undefined ? null : formatShown(shown),
        })
        .execute();
      return { token, expiresAtMs };
    },

    async consume(where, purpose, token) {
      const ticket = await find(where, purpose, token);
      if (ticket === undefined) return undefined;
      const deleted = await tables(where)
        .deleteFrom('identity_tickets')
        .where('hash', '=', hashOf(token))
        .where('purpose', '=', purpose)
        .executeTakeFirstOrThrow();
      return deleted.numDeletedRows === 1n ? ticket : undefined;
    },

    async spend(where, token, expiresAtMs) {
      await tables(where).deleteFrom('identity_tickets').where('expires_at_ms', '<=', clock.nowMs()).execute();
      const row = { purpose: spentPurpose, user_id: null, expires_at_ms: expiresAtMs, attempts: 0, shown: null };
      const inserted = await tables(where)
        .insertInto('identity_tickets')
        .values({ hash: hashOf(token), ...row })
        .onConflict((conflict) => conflict.column('hash').doNothing())
        .executeTakeFirstOrThrow();
      return inserted.numInsertedOrUpdatedRows === 1n;
    },

    async countAttempt(where, token) {
      await tables(where)
        .updateTable('identity_tickets')
        .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
        .where('hash', '=', hashOf(token))
        .execute();
    },

    async extend(where, token, expiresAtMs) {
      await tables(where)
        .updateTable('identity_tickets')
        .set({ expires_at_ms: expiresAtMs })
        .where('hash', '=', hashOf(token))
        .where('expires_at_ms', '<', expiresAtMs)
        .execute();
    },

    async forget(where, which) {
      let query = tables(where).deleteFrom('identity_tickets');
      if ('purpose' in which) query = query.where('purpose', '=', which.purpose);
      if ('method' in which) query = query.where('shown', 'like', `%${JSON.stringify(which.method)}%`);
      else if (which.userId !== undefined) query = query.where('user_id', '=', which.userId);
      await query.execute();
    },
  };
}

/** 256 random bits, or a code under a key: nothing to guess. */
function hashOf(token: string): string {
  return createHash('sha256').update('sallyport ticket\0').update(token).digest('hex');
}

function tables(where: Database | Transaction): ReturnType<typeof where.withTables<Tables>> {
  return where.withTables<Tables>();
}
