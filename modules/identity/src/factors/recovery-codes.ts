import { createHmac } from 'node:crypto';
import type { Database, Transaction } from '@sallyport/platform/database';

type Tables = { identity_recovery_codes: { hash: string; user_id: string } };

/** Crockford's base 32: nothing that looks like something else. */
const digits = '0123456789abcdefghjkmnpqrstvwxyz';
const codeBytes = 10;
const codeCount = 10;

/** Ten codes of 80 random bits for the day the second factor is lost. Each is good once; stored as a keyed hash. */
export type RecoveryCodes = {
  /** In place of any there were. The only time they can be had. */
  renew(transaction: Transaction, userId: string): Promise<string[]>;
  /** Of all who try at once, one succeeds. Case, dashes and spaces do not matter. */
  use(transaction: Transaction, userId: string, code: string): Promise<boolean>;
  count(where: Database | Transaction, userId: string): Promise<number>;
  removeAllOf(transaction: Transaction, userId: string): Promise<void>;
};

export function createRecoveryCodes(needs: {
  readonly key: Uint8Array;
  readonly random: (length: number) => Uint8Array;
}): RecoveryCodes {
  const hashOf = (userId: string, code: string): string =>
    createHmac('sha256', needs.key).update(`${userId}\0${code}`).digest('hex');
  return {
    async renew(transaction, userId) {
      const codes = Array.from({ length: codeCount }, () => encode(needs.random(codeBytes)));
      await tables(transaction).deleteFrom('identity_recovery_codes').where('user_id', '=', userId).execute();
      await tables(transaction)
        .insertInto('identity_recovery_codes')
        .values(codes.map((code) => ({ hash: hashOf(userId, code), user_id: userId })))
        .execute();
      return codes.map((code) => code.match(/.{4}/g)?.join('-') ?? code);
    },
    async use(transaction, userId, code) {
      const plain = code.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1');
      const deleted = await tables(transaction)
        .deleteFrom('identity_recovery_codes')
        .where('user_id', '=', userId)
        .where('hash', '=', hashOf(userId, plain))
        .executeTakeFirstOrThrow();
      return deleted.numDeletedRows === 1n;
    },
    async removeAllOf(transaction, userId) {
      await tables(transaction).deleteFrom('identity_recovery_codes').where('user_id', '=', userId).execute();
    },
    async count(where, userId) {
      const { count } = await tables(where)
        .selectFrom('identity_recovery_codes')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('user_id', '=', userId)
        .executeTakeFirstOrThrow();
      return count;
    },
  };
}

function encode(bytes: Uint8Array): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (let at = 0; at < (bytes.length * 8) / 5; at += 1) {
    text = (digits[Number(rest & 31n)] ?? '') + text;
    rest >>= 5n;
  }
  return text;
}

function tables(where: Database | Transaction): ReturnType<typeof where.withTables<Tables>> {
  return where.withTables<Tables>();
}
