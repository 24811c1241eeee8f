import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent, type Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { ReencryptProgress } from '@sallyport/platform/encrypted-columns';
import type { Principal } from '@sallyport/platform/http';
import { createSecret, type Secret } from '@sallyport/platform/secret';
import { IdentityError } from '../errors.ts';
import { createKeyCache } from './key-cache.ts';
import { hashToken, matchesHash } from './key-hash.ts';
import { parseGrant, type KeyRequest } from './key-request.ts';
import { createKeyStore, type ApiKey, type KeyStore, type StoredKey } from './key-store.ts';
import { readStanding, stateOf } from '../people/user-store.ts';
import { formatToken, idBytes, parseToken, secretBytes } from './key-token.ts';
import type { ApiKeyNeeds, KeyLimits, KeySuspension, TakeOver } from '../needs.ts';

export type Refusal = {
  readonly refused: 'key_malformed' | 'key_unknown' | 'key_expired' | 'key_revoked' | 'key_suspended';
};

/**
 * API keys. Every change leaves one audit event, committed with it; a promise resolves only after that event is durable
 * in the ledger.
 */
export type ApiKeys = KeySuspension & {
  /** The only time the token can be had. Throws `IdentityError`. */
  createKey(request: KeyRequest): Promise<{ readonly id: string; readonly key: ApiKey; readonly token: Secret }>;
  /**
   * Who holds this token. The reason of a refusal says that a key expired or was revoked only to who holds its secret.
   * Rejects when the database cannot be read: the caller must deny then.
   */
  authenticate(token: string): Promise<Principal | Refusal>;
  /** What the key stands for now. Counts as no use of it: for replies that go on for long. */
  recheck(id: string): Promise<Principal | Refusal>;
  /** Newest first; revoked and expired ones included. */
  listKeys(): Promise<readonly ApiKey[]>;
  /** Takes effect before it resolves. Revoking again changes nothing. Throws `key_not_found`. */
  revokeKey(request: { readonly id: string; readonly by: Principal }): Promise<void>;
  /** Only who has all its scopes can. Throws `key_not_found`, `key_not_suspended`, `key_grant_widened`. */
  resumeKey(request: { readonly id: string; readonly by: Principal }): Promise<ApiKey>;
  /** As `sealStored` of people: awaited before anybody may come in. */
  sealStored(options?: Parameters<TakeOver>[1]): Promise<ReencryptProgress>;
  /** Stores when keys were last used; to be called every minute or so, and at the end. */
  recordUse(): Promise<void>;
};

const defaultLimits: KeyLimits = { maxLiveKeys: 1000, maxEndedKeys: 1000, maxCachedKeys: 1000 };
const useResolutionMs = 60_000;
const createActivity = 1;
const enableActivity = 8;
const disableActivity = 9;

export function createApiKeys(needs: ApiKeyNeeds): ApiKeys {
  const { database, outbox, clock, random } = needs;
  const keyStore = createKeyStore(needs);
  const limits = { ...defaultLimits, ...needs.limits };
  const cache = createKeyCache(clock, limits.maxCachedKeys);
  const used = new Map<string, number>();

  const record = (
    transaction: Transaction,
    by: Principal | Actor,
    key: ApiKey,
    change: { action: string; activityId: number; details: JsonObject },
  ): Promise<void> =>
    outbox.record(
      transaction,
      auditEvent({
        nowMs: clock.nowMs(),
        actor: { kind: by.kind, id: by.id, name: by.name },
        classUid: ocsfClass.entityManagement,
        outcome: 'success',
        target: { type: 'API key', id: key.id, name: key.name },
        ...change,
      }),
    );

  return {
    sealStored: (options) => keyStore.takeOver(database, options),
    async createKey(request) {
      const { id, token } = formatToken(random(idBytes), random(secretBytes));
      const key = await database.transaction().execute(async (transaction) => {
        const nowMs = clock.nowMs();
        const granting = await findGranting(keyStore, transaction, { by: request.by, nowMs });
        const grant = parseGrant(request, granting, nowMs);
        if ((await keyStore.countLive(transaction, nowMs)) >= limits.maxLiveKeys) {
          throw new IdentityError(
            'key_limit_reached',
            `Cannot create key "${grant.name}": there are ${limits.maxLiveKeys} already, revoke one first`,
          );
        }
        const makerId = makerBehind(request.by, granting);
        const created: ApiKey = {
          id,
          ...grant,
          createdAtMs: nowMs,
          createdBy: `${request.by.kind}/${request.by.id}`,
          ...(makerId === undefined ? {} : { makerId }),
        };
        await keyStore.insert(transaction, { ...created, hash: hashToken(token) });
        await keyStore.forgetEnded(transaction, nowMs, limits.maxEndedKeys);
        const details = { scopes: grant.scopes, source: grant.source ?? null, expires_at: grant.expiresAtMs ?? null };
        await record(transaction, request.by, created, { action: 'key.create', activityId: createActivity, details });
        return created;
      });
      await outbox.flushed();
      return { id, key, token: createSecret(token) };
    },

    async authenticate(token) {
      const parsed = parseToken(token);
      if (parsed === undefined) return { refused: 'key_malformed' };
      const key = await cache.load(parsed.id, () => keyStore.find(database, parsed.id));
      if (key === undefined || !matchesHash(token, key.hash)) return { refused: 'key_unknown' };
      const nowMs = clock.nowMs();
      const end = endOf(key, nowMs);
      if (end !== undefined) return { refused: end };
      used.set(key.id, Math.floor(nowMs / useResolutionMs) * useResolutionMs);
      return principalOf(key);
    },

    async recheck(id) {
      const key = await cache.load(id, () => keyStore.find(database, id));
      if (key === undefined) return { refused: 'key_unknown' };
      const end = endOf(key, clock.nowMs());
      return end === undefined ? principalOf(key) : { refused: end };
    },

    async listKeys() {
      return keyStore.list(database, limits.maxLiveKeys + limits.maxEndedKeys + 1000);
    },

    async revokeKey({ id, by }) {
      await database.transaction().execute(async (transaction) => {
        const key = await keyStore.find(transaction, id);
        if (key === undefined)
          throw new IdentityError('key_not_found', `Cannot revoke key "${id.slice(0, 100)}": must be the id of a key`);
        if (key.revokedAtMs !== undefined) return;
        await keyStore.revoke(transaction, id, clock.nowMs());
        await record(transaction, by, key, { action: 'key.revoke', activityId: disableActivity, details: {} });
      });
      cache.forget(id);
      await outbox.flushed();
    },

    async suspendAllOf(transaction, { makerId, allowed, by }) {
      const nowMs = clock.nowMs();
      const live = await keyStore.listLiveOf(transaction, makerId, nowMs);
      const stopped = live.filter(({ scopes }) => scopes.some((scope) => !allowed.includes(scope)));
      for (const key of stopped) {
        await keyStore.setSuspended(transaction, key.id, nowMs);
        const details = { maker: makerId };
        await record(transaction, by, key, { action: 'key.suspend', activityId: disableActivity, details });
      }
      return { count: stopped.length, effective: () => cache.forgetAll() };
    },

    async resumeKey({ id, by }) {
      const resumed = await database.transaction().execute(async (transaction) => {
        const key = await keyStore.find(transaction, id);
        if (key === undefined)
          throw new IdentityError('key_not_found', `Cannot resume key "${id.slice(0, 100)}": must be the id of a key`);
        if (key.suspendedAtMs === undefined || key.revokedAtMs !== undefined)
          throw new IdentityError('key_not_suspended', `Cannot resume key "${id}": must be suspended and not revoked`);
        const granting = await findGranting(keyStore, transaction, { by, nowMs: clock.nowMs() });
        const missing = key.scopes.find((scope) => !by.scopes.includes(scope));
        if (missing !== undefined)
          throw new IdentityError(
            'key_grant_widened',
            `Cannot resume key "${id}": it has scope "${missing}", which ${by.kind} "${by.id}" lacks`,
          );
        if (granting !== undefined && isBeyond(key, granting))
          throw new IdentityError(
            'key_grant_widened',
            `Cannot resume key "${id}": it has another source or a later end than key "${by.id}"`,
          );
        await keyStore.setSuspended(transaction, id, null);
        // From now on it is theirs to answer for.
        await keyStore.setMaker(transaction, id, makerBehind(by, granting));
        await record(transaction, by, key, { action: 'key.resume', activityId: enableActivity, details: {} });
        return keyStore.find(transaction, id);
      });
      cache.forget(id);
      await outbox.flushed();
      if (resumed === undefined) throw new TypeError('Cannot show a key: it is gone');
      const { hash: _hash, ...shown } = resumed;
      return shown;
    },

    async recordUse() {
      const uses = [...used];
      used.clear();
      if (uses.length === 0) return;
      await database.transaction().execute(async (transaction) => {
        for (const [id, atMs] of uses) await keyStore.setLastUsed(transaction, id, atMs);
      });
    },
  };
}

/**
 * The key of whoever asks, read in this transaction: it may have been revoked since the request was let in. Of a person,
 * who has no key, that they are still what they were.
 */
async function findGranting(
  keyStore: KeyStore,
  transaction: Transaction,
  { by, nowMs }: { readonly by: Principal; readonly nowMs: number },
): Promise<StoredKey | undefined> {
  switch (by.kind) {
    case 'operator':
      return undefined;
    case 'user': {
      const user = await readStanding(transaction, by.id);
      if (user !== undefined && stateOf(user) === 'active' && user.roles.join(' ') === by.roles?.join(' '))
        return undefined;
      throw new IdentityError('key_grant_widened', `Cannot grant a key as user "${by.id}": their rights have changed`);
    }
    case 'key': {
      const key = await keyStore.find(transaction, by.id);
      if (key !== undefined && endOf(key, nowMs) === undefined) return key;
      throw new IdentityError('key_grant_widened', `Cannot grant a key as key "${by.id}": it is no longer valid`);
    }
    // A key made by a service would outlive the account that its own tokens end with.
    case 'service':
    case 'device':
      throw new IdentityError(
        'key_grant_widened',
        `Cannot grant a key as ${by.kind} "${by.id}": must be a person or a key`,
      );
  }
}

function principalOf({ id, name, scopes, source }: ApiKey): Principal {
  return { kind: 'key', id, name, scopes, ...(source === undefined ? {} : { source }) };
}

/** In source and end; a key without either has every source and no end. */
function isBeyond(key: ApiKey, granting: ApiKey): boolean {
  const { source, expiresAtMs = Number.POSITIVE_INFINITY } = granting;
  return (source !== undefined && key.source !== source) || (key.expiresAtMs ?? Number.POSITIVE_INFINITY) > expiresAtMs;
}

/** Who answers for what `by` makes; undefined for the operator. */
function makerBehind(by: Principal, granting: StoredKey | undefined): string | undefined {
  return by.kind === 'user' ? by.id : granting?.makerId;
}

function endOf(key: ApiKey, nowMs: number): 'key_revoked' | 'key_expired' | 'key_suspended' | undefined {
  if (key.revokedAtMs !== undefined) return 'key_revoked';
  if (key.suspendedAtMs !== undefined) return 'key_suspended';
  return key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs ? 'key_expired' : undefined;
}
