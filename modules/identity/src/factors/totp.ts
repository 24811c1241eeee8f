import type { Database, Transaction } from '@sallyport/platform/database';
import { Secret, TOTP } from 'otpauth';
import { open, seal } from './sealing.ts';

const secretBytes = 20;
const periodSeconds = 30;
/** A clock may be off by one period to either side. */
const window = 1;
/** NIST SP 800-63B section 3.2.2: after so many failures in a row the factor is of no use any more; another one heals it. */
const maxFailures = 100;

type TotpRow = { user_id: string; sealed_secret: string; confirmed: number; last_step: number; failures: number };
type Tables = { identity_totp: TotpRow };

/** One-time codes by the clock (RFC 6238: SHA-1, 6 digits, 30 s, what every app understands). Each is good once. */
export type TotpFactor = {
  /** A new seed for a person who has none confirmed. `uri` is what goes into the square code. */
  begin(
    transaction: Transaction,
    user: { readonly id: string; readonly name: string },
  ): Promise<{ readonly secret: string; readonly uri: string }>;
  /** Makes the seed theirs if the code is right. */
  confirm(transaction: Transaction, userId: string, code: string): Promise<boolean>;
  /** A code of a confirmed seed, not used before and not older than one that was. */
  verify(transaction: Transaction, userId: string, code: string): Promise<boolean>;
  isConfirmed(where: Database | Transaction, userId: string): Promise<boolean>;
  /** After another factor proved who they are. */
  forgetFailures(transaction: Transaction, userId: string): Promise<void>;
  listConfirmed(where: Database): Promise<readonly string[]>;
};

export function createTotpFactor(needs: {
  readonly key: Uint8Array;
  readonly random: (length: number) => Uint8Array;
  readonly nowMs: () => number;
}): TotpFactor {
  const { key, random, nowMs } = needs;

  const check = async (transaction: Transaction, userId: string, code: string, confirmed: 0 | 1): Promise<boolean> => {
    const rows = tables(transaction);
    const row = await rows
      .selectFrom('identity_totp')
      .selectAll()
      .where('user_id', '=', userId)
      .where('confirmed', '=', confirmed)
      .executeTakeFirst();
    if (row === undefined || row.failures >= maxFailures) return false;
    const step = stepOf(open(key, row.sealed_secret, userId), code, nowMs());
    const change =
      step === undefined || step <= row.last_step
        ? { failures: row.failures + 1 }
        : { failures: 0, last_step: step, confirmed: 1 };
    await rows.updateTable('identity_totp').set(change).where('user_id', '=', userId).execute();
    return change.failures === 0;
  };

  return {
    async begin(transaction, { id, name }) {
      const bytes = random(secretBytes);
      const sealed = seal(key, bytes, id, random(12));
      await tables(transaction)
        .deleteFrom('identity_totp')
        .where('user_id', '=', id)
        .where('confirmed', '=', 0)
        .execute();
      await tables(transaction)
        .insertInto('identity_totp')
        .values({ user_id: id, sealed_secret: sealed, confirmed: 0, last_step: 0, failures: 0 })
        .execute();
      const totp = new TOTP({ issuer: 'Sallyport', label: name, secret: secretOf(bytes), period: periodSeconds });
      return { secret: totp.secret.base32, uri: totp.toString() };
    },
    confirm: (transaction, userId, code) => check(transaction, userId, code, 0),
    verify: (transaction, userId, code) => check(transaction, userId, code, 1),
    async isConfirmed(where, userId) {
      const row = await tables(where)
        .selectFrom('identity_totp')
        .select('user_id')
        .where('user_id', '=', userId)
        .where('confirmed', '=', 1)
        .executeTakeFirst();
      return row !== undefined;
    },
    async forgetFailures(transaction, userId) {
      await tables(transaction)
        .updateTable('identity_totp')
        .set({ failures: 0 })
        .where('user_id', '=', userId)
        .execute();
    },
    async listConfirmed(where) {
      const rows = await tables(where)
        .selectFrom('identity_totp')
        .select('user_id')
        .where('confirmed', '=', 1)
        .execute();
      return rows.map((row) => row.user_id);
    },
  };
}

/** The step a code belongs to, or undefined when it belongs to none of those allowed now. */
function stepOf(secret: Uint8Array, code: string, nowMs: number): number | undefined {
  const token = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return undefined;
  const delta = TOTP.validate({ token, secret: secretOf(secret), period: periodSeconds, timestamp: nowMs, window });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / periodSeconds) + delta;
}

/** A copy: a Buffer may be a part of a larger one. */
function secretOf(bytes: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer });
}

function tables(where: Database | Transaction): ReturnType<typeof where.withTables<Tables>> {
  return where.withTables<Tables>();
}
