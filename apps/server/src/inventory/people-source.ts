import type { AlgorithmId, InventorySource, KeyAsset } from '@sallyport/crypto-inventory';
import type { ApiKey, CredentialsHeld } from '@sallyport/identity';

/** COSE algorithms (RFC 9053, RFC 9864) that passkeys are made with. */
const coseAlgorithms: Readonly<Record<number, AlgorithmId>> = {
  [-7]: 'ecdsa-p256',
  [-8]: 'ed25519',
  [-35]: 'ecdsa-p384',
  [-36]: 'ecdsa-p521',
  [-37]: 'rsa-pss',
  [-48]: 'ml-dsa-44',
  [-49]: 'ml-dsa-65',
  [-50]: 'ml-dsa-87',
  [-257]: 'rsa-sha-256',
  [-65535]: 'rsa-sha-1',
};
const asked = { kind: 'asked', by: 'the control database' } as const;
const common = { kind: 'key', owner: 'identity', where: 'control database', known: asked } as const;

/** What people and programs prove themselves with. No names, and of secrets only that they are there. */
export function createPeopleSource(needs: {
  readonly held: () => Promise<CredentialsHeld>;
  readonly apiKeys: () => Promise<readonly ApiKey[]>;
  readonly nowMs: () => number;
}): InventorySource {
  return {
    name: 'identity',
    async gather() {
      const [held, keys] = await Promise.all([needs.held(), needs.apiKeys()]);
      return [
        ...held.passkeys.map(passkeyAsset),
        ...keys.map((key) => apiKeyAsset(key, needs.nowMs())),
        ...held.passwordHashes.map(({ memoryKib, passes, count }): KeyAsset => ({
          ...common,
          id: `key/passwords/argon2id-${memoryKib}-${passes}`,
          name: `Passwords hashed with ${memoryKib} KiB and ${passes} passes`,
          usedFor: 'signing in; with a pepper from the vault',
          role: 'credential',
          material: 'password',
          state: 'active',
          algorithm: 'argon2id',
          count,
          cost: { memoryKib, passes },
        })),
        ...many('totp-seeds', held.totpSeeds, {
          name: 'Seeds of one-time codes',
          usedFor: 'codes of authenticator apps (RFC 6238)',
          material: 'seed',
          algorithm: 'hmac-sha-1',
          sizeBits: 160,
          securedBy: 'AES-256-GCM under a key of the vault',
        }),
        ...many('recovery-codes', held.recoveryCodes, {
          name: 'Recovery codes',
          usedFor: 'signing in once without another factor',
          material: 'token',
          algorithm: 'hmac-sha-256',
          securedBy: 'kept as HMAC-SHA-256',
        }),
        ...many('sessions', held.sessions, {
          name: 'Sessions',
          usedFor: 'browsers that are signed in',
          material: 'token',
          sizeBits: 256,
          securedBy: 'kept as SHA-256',
        }),
      ];
    },
    uses: [
      {
        algorithm: 'hmac-sha-256',
        owner: 'identity',
        usedFor: 'challenges of passkeys, recovery codes, names of rows of certificates',
      },
      { algorithm: 'sha-256', owner: 'identity', usedFor: 'kept forms of API keys, sessions and tickets' },
      {
        algorithm: 'aes-256-gcm',
        owner: 'identity',
        usedFor: 'seeds of one-time codes, encrypted columns, tickets of certificates',
      },
    ],
  };
}

function passkeyAsset({ id, userId, algorithm, createdAtMs }: CredentialsHeld['passkeys'][number]): KeyAsset {
  const known = algorithm === undefined ? undefined : coseAlgorithms[algorithm];
  return {
    ...common,
    id: `key/passkey/${id}`,
    name: `Passkey ${id}`,
    usedFor: `user ${userId} signs in and agrees`,
    role: 'authentication',
    material: 'public-key',
    state: 'active',
    createdAtMs,
    ...(known === undefined
      ? { algorithmName: algorithm === undefined ? 'unreadable' : `COSE ${algorithm}` }
      : { algorithm: known }),
  };
}

function apiKeyAsset(key: ApiKey, nowMs: number): KeyAsset {
  const { id, createdAtMs, expiresAtMs, revokedAtMs, suspendedAtMs, scopes } = key;
  const isOver = expiresAtMs !== undefined && expiresAtMs <= nowMs;
  return {
    ...common,
    id: `key/api/${id}`,
    name: `API key ${id}`,
    usedFor: `a program with the rights ${scopes.slice(0, 6).join(', ')}${scopes.length > 6 ? ' …' : ''}`,
    role: 'credential',
    material: 'token',
    state:
      revokedAtMs !== undefined ? 'revoked' : isOver ? 'expired' : suspendedAtMs !== undefined ? 'suspended' : 'active',
    createdAtMs,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    sizeBits: 256,
    securedBy: 'kept as SHA-256',
  };
}

function many(
  id: string,
  count: number,
  said: Pick<KeyAsset, 'name' | 'usedFor' | 'material'> &
    Partial<Pick<KeyAsset, 'algorithm' | 'sizeBits' | 'securedBy'>>,
): KeyAsset[] {
  return count === 0 ? [] : [{ ...common, ...said, id: `key/${id}`, role: 'credential', state: 'active', count }];
}
