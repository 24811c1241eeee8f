import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import { Secret, TOTP } from 'otpauth';
import type { TakeOver } from '../needs.ts';
import { open } from './sealing.ts';

const secretBytes = 20;
const idBytes = 12;
const periodSeconds = 30;
/** A clock may be off by one period to either side. */
const window = 1;
/** NIST SP 800-63B section 3.2.2: after so many failures in a row the factor is of no use any more; another one heals it. */
const maxFailures = 100;

type AppRow = {
  id: string;
  user_id: string;
  /** What its owner calls it. */
  label: Encrypted;
  /** The seed, base64. */
  sealed_secret: Encrypted;
  confirmed: number;
  last_step: number;
  failures: number;
  created_at_ms: number;
};
type Tables = { identity_apps: AppRow };
type OpenedApp = Opened<Tables>['identity_apps'];

export type TotpApp = { readonly id: string; readonly label: string; readonly createdAtMs: number };

/** One-time codes by the clock (RFC 6238: SHA-1, 6 digits, 30 s, what every app understands). Each is good once. */
export type TotpFactor = {
  /** A new seed, in place of one that was not confirmed. `uri` is what goes into the square code. */
  begin(
    transaction: Transaction,
    user: { readonly id: string; readonly name: string },
  ): Promise<{ readonly secret: string; readonly uri: string }>;
  /** Makes the seed theirs if the code is right. */
  confirm(transaction: Transaction, userId: string, code: string, label?: string): Promise<boolean>;
  /** A code of a confirmed seed, not used before and not older than one that was. */
  verify(transaction: Transaction, userId: string, code: string): Promise<boolean>;
  isConfirmed(where: Database | Transaction, userId: string): Promise<boolean>;
  /** The confirmed ones, oldest first. */
  listOf(where: Database | Transaction, userId: string): Promise<readonly TotpApp[]>;
  rename(transaction: Transaction, userId: string, id: string, label: string): Promise<boolean>;
  remove(transaction: Transaction, userId: string, id: string): Promise<boolean>;
  removeAllOf(transaction: Transaction, userId: string): Promise<void>;
  /** After another factor proved who they are. */
  forgetFailures(transaction: Transaction, userId: string): Promise<void>;
  listConfirmed(where: Database | Transaction): Promise<readonly string[]>;
  /** Labels in the clear and seeds sealed by hand, as earlier versions wrote them, and those under older keys. */
  readonly takeOver: TakeOver;
};

export function createTotpFactor(needs: {
  /** Opens what earlier versions sealed. */
  readonly key: Uint8Array;
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  readonly nowMs: () => number;
}): TotpFactor {
  const { key, random, nowMs } = needs;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random,
    tables: { identity_apps: { row: 'id', columns: { label: encrypted(), sealed_secret: encrypted() } } },
  });

  const rowsOf = (where: Database | Transaction, userId: string, confirmed: 0 | 1): Promise<OpenedApp[]> =>
    columns
      .on(where)
      .selectFrom('identity_apps')
      .selectAll()
      .where('user_id', '=', userId)
      .where('confirmed', '=', confirmed)
      .orderBy('created_at_ms')
      .execute();

  /** One of several apps may have made the code. A wrong one counts against each. */
  const check = async (
    transaction: Transaction,
    rows: readonly OpenedApp[],
    code: string,
    more: { readonly confirmed: 1; readonly label?: string },
  ): Promise<boolean> => {
    const usable = rows.filter(({ failures }) => failures < maxFailures);
    for (const row of usable) {
      const step = stepOf(Buffer.from(row.sealed_secret, 'base64'), code, nowMs());
      if (step === undefined || step <= row.last_step) continue;
      await columns
        .on(transaction)
        .updateTable('identity_apps')
        .set({ failures: 0, last_step: step, ...more })
        .where('id', '=', row.id)
        .execute();
      return true;
    }
    for (const { id, failures } of usable)
      await columns
        .on(transaction)
        .updateTable('identity_apps')
        .set({ failures: failures + 1 })
        .where('id', '=', id)
        .execute();
    return false;
  };

  return {
    async begin(transaction, { id: userId, name }) {
      const bytes = random(secretBytes);
      await columns
        .on(transaction)
        .deleteFrom('identity_apps')
        .where('user_id', '=', userId)
        .where('confirmed', '=', 0)
        .execute();
      await columns
        .on(transaction)
        .insertInto('identity_apps')
        .values({
          id: Buffer.from(random(idBytes)).toString('hex'),
          user_id: userId,
          label: '',
          sealed_secret: Buffer.from(bytes).toString('base64'),
          confirmed: 0,
          last_step: 0,
          failures: 0,
          created_at_ms: nowMs(),
        })
        .execute();
      const totp = new TOTP({ issuer: 'Sallyport', label: name, secret: secretOf(bytes), period: periodSeconds });
      return { secret: totp.secret.base32, uri: totp.toString() };
    },
    confirm: async (transaction, userId, code, label = 'Authenticator app') =>
      check(transaction, await rowsOf(transaction, userId, 0), code, { confirmed: 1, label }),
    verify: async (transaction, userId, code) =>
      check(transaction, await rowsOf(transaction, userId, 1), code, { confirmed: 1 }),
    isConfirmed: async (where, userId) => (await rowsOf(where, userId, 1)).length > 0,
    async listOf(where, userId) {
      const rows = await rowsOf(where, userId, 1);
      return rows.map(({ id, label, created_at_ms: createdAtMs }) => ({ id, label, createdAtMs }));
    },
    async rename(transaction, userId, id, label) {
      const { numUpdatedRows } = await columns
        .on(transaction)
        .updateTable('identity_apps')
        .set({ label })
        .where('user_id', '=', userId)
        .where('id', '=', id)
        .where('confirmed', '=', 1)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
    async remove(transaction, userId, id) {
      const { numDeletedRows } = await columns
        .on(transaction)
        .deleteFrom('identity_apps')
        .where('user_id', '=', userId)
        .where('id', '=', id)
        .where('confirmed', '=', 1)
        .executeTakeFirstOrThrow();
      return numDeletedRows === 1n;
    },
    async removeAllOf(transaction, userId) {
      await columns.on(transaction).deleteFrom('identity_apps').where('user_id', '=', userId).execute();
    },
    async forgetFailures(transaction, userId) {
      await columns
        .on(transaction)
        .updateTable('identity_apps')
        .set({ failures: 0 })
        .where('user_id', '=', userId)
        .execute();
    },
    async listConfirmed(where) {
      const rows = await columns
        .on(where)
        .selectFrom('identity_apps')
        .select('user_id')
        .distinct()
        .where('confirmed', '=', 1)
        .execute();
      return rows.map((row) => row.user_id);
    },
    takeOver(database, options) {
      const earlier = {
        label: (stored: string) => stored,
        sealed_secret: (stored: string, row: Readonly<Record<string, unknown>>) =>
          open(key, stored, String(row['user_id'])).toString('base64'),
      };
      return columns.reencrypt(database, 'identity_apps', { ...options, earlier });
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
