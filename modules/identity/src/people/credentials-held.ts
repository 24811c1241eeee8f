import { createHash } from 'node:crypto';
import type { Database } from '@sallyport/platform/database';

/** What identity keeps that is made with cryptography, for the inventory: kinds, ages and numbers; no name, no secret, no hash of one. */
export type CredentialsHeld = {
  readonly passkeys: readonly {
    /** Not the credential's own id: that stays here. */
    readonly id: string;
    readonly userId: string;
    /** COSE algorithm (RFC 9053): -7 ES256, -8 EdDSA, -257 RS256 …; undefined when the stored key cannot be read. */
    readonly algorithm: number | undefined;
    readonly createdAtMs: number;
  }[];
  /** What the stored password hashes cost, and how many have that cost. */
  readonly passwordHashes: readonly { readonly memoryKib: number; readonly passes: number; readonly count: number }[];
  readonly totpSeeds: number;
  readonly recoveryCodes: number;
  readonly sessions: number;
};

type Tables = {
  identity_passkeys: { id: string; user_id: string; public_key: string; created_at_ms: number };
  identity_users: { id: string; password_hash: string | null };
  identity_apps: { id: string; confirmed: number };
  identity_recovery_codes: { hash: string };
  identity_sessions: { id: string };
};

export async function readCredentialsHeld(plain: Database): Promise<CredentialsHeld> {
  const database = plain.withTables<Tables>();
  const count = async (table: 'identity_apps' | 'identity_recovery_codes' | 'identity_sessions'): Promise<number> => {
    const counted = database.selectFrom(table).select((eb) => eb.fn.countAll<number>().as('count'));
    return (await counted.executeTakeFirstOrThrow()).count;
  };
  const passkeys = await database
    .selectFrom('identity_passkeys')
    .select(['id', 'user_id', 'public_key', 'created_at_ms'])
    .orderBy('id')
    .execute();
  const users = await database
    .selectFrom('identity_users')
    .select('password_hash')
    .where('password_hash', 'is not', null)
    .execute();
  const costs = new Map<string, { memoryKib: number; passes: number; count: number }>();
  for (const { password_hash: hash } of users) {
    const [cost, memory, passes] = /\$m=(\d{1,7}),t=(\d{1,2}),p=1\$/.exec(hash ?? '') ?? [''];
    const one = costs.get(cost) ?? { memoryKib: Number(memory ?? 0), passes: Number(passes ?? 0), count: 0 };
    costs.set(cost, { ...one, count: one.count + 1 });
  }
  return {
    passkeys: passkeys.map((row) => ({
      id: createHash('sha256').update('sallyport passkey row\0').update(row.id).digest('hex').slice(0, 16),
      userId: row.user_id,
      algorithm: coseAlgorithm(Buffer.from(row.public_key, 'base64url')),
      createdAtMs: row.created_at_ms,
    })),
    passwordHashes: [...costs.values()],
    totpSeeds: await count('identity_apps'),
    recoveryCodes: await count('identity_recovery_codes'),
    sessions: await count('identity_sessions'),
  };
}

/**
 * The value of label 3 in a COSE key: a CBOR map (RFC 8949) that authenticators write with its labels in order, 1 (kind) then 3
 * (algorithm), both integers. Undefined for anything else.
 */
export function coseAlgorithm(bytes: Uint8Array): number | undefined {
  const [head = 0, first, , third] = bytes;
  const isMap = head >> 5 === 5 && (head & 0x1f) >= 2 && (head & 0x1f) < 24;
  // Kinds of keys are small numbers: one byte.
  if (!isMap || first !== 1 || third !== 3) return undefined;
  return integerAt(bytes, 4);
}

/** A CBOR integer of up to four bytes behind its head. */
function integerAt(bytes: Uint8Array, at: number): number | undefined {
  const head = bytes[at];
  if (head === undefined || head >> 5 > 1) return undefined;
  const size = head & 0x1f;
  const width = size < 24 ? 0 : 2 ** (size - 24);
  if (width > 4 || bytes.length < at + 1 + width) return undefined;
  const value = width === 0 ? size : Buffer.from(bytes).readUIntBE(at + 1, width);
  return head >> 5 === 0 ? value : -1 - value;
}
