import { holdsAt } from '@sallyport/access-policy';
import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent, type Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { ReencryptProgress } from '@sallyport/platform/encrypted-columns';
import type { Principal } from '@sallyport/platform/http';
import { createSecret, type Secret } from '@sallyport/platform/secret';
import { IdentityError } from '../errors.ts';
import { createKeyCache, type KnownKey } from './key-cache.ts';
import { hashToken, matchesHash } from './key-hash.ts';
import { parseGrant, type KeyRequest } from './key-request.ts';
import { createKeyStore, type ApiKey, type StoredKey } from './key-store.ts';
import { createAnsweringPerson } from '../people/answering-person.ts';
import { createUserReader } from '../people/user-store.ts';
import { endOf, findGranting, makerBehind, requireGranted } from './granting-key.ts';
import { createKeyLifetimes, endWithin, type KeyLifetimeSetting } from './key-lifetimes.ts';
import { isFrom } from './key-networks.ts';
import { formatToken, formatTokenOf, idBytes, parseToken, secretBytes } from './key-token.ts';
import type { ApiKeyNeeds, KeyLimits, KeySuspension, TakeOver } from '../needs.ts';

export type Refusal = {
  readonly refused:
    | 'key_malformed'
    | 'key_unknown'
    | 'key_expired'
    | 'key_revoked'
    | 'key_suspended'
    /** The secret before the one in use, past its time. */
    | 'key_rotated'
    /** It may not be used from where the request came. */
    | 'key_elsewhere';
};

/**
 * API keys. Every change leaves one audit event, committed with it; a promise resolves only after that event is durable
 * in the ledger.
 */
export type ApiKeys = KeySuspension & {
  /** The only time the token can be had. Throws `IdentityError`. */
  createKey(request: KeyRequest): Promise<{ readonly id: string; readonly key: ApiKey; readonly token: Secret }>;
  /** As `createKey`, within how long keys may last; null asks for a key without an end. */
  issueKey(
    request: Omit<KeyRequest, 'expiresAtMs'> & { readonly expiresAtMs?: number | null | undefined },
  ): ReturnType<ApiKeys['createKey']>;
  /**
   * Another secret for a key, the only time it can be had. The one there was goes on for `overlapMs`, the one before that ends at
   * once. Only who has all its scopes can. Throws `key_not_found`, `key_not_live`, `key_grant_widened`, `key_expiry_invalid`.
   */
  rotateKey(request: {
    readonly id: string;
    readonly overlapMs: number;
    /** As it was when undefined; null: none. */
    readonly expiresAtMs?: number | null;
    readonly by: Principal;
  }): Promise<{ readonly key: ApiKey; readonly token: Secret }>;
  readonly lifetimes: KeyLifetimeSetting;
  /**
   * Who holds this token. The reason of a refusal says that a key expired or was revoked only to who holds its secret.
   * Rejects when the database cannot be read: the caller must deny then.
   */
  authenticate(token: string, from?: { readonly address: string }): Promise<Principal | Refusal>;
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
const updateActivity = 3;
const maxOverlapMs = 7 * 86_400_000;

export function createApiKeys(needs: ApiKeyNeeds): ApiKeys {
  const { database, outbox, clock, random } = needs;
  const keyStore = createKeyStore(needs);
  const users = createUserReader(needs);
  const answering = createAnsweringPerson(users);
  const limits = { ...defaultLimits, ...needs.limits };
  const cache = createKeyCache(clock, limits.maxCachedKeys);
  const used = new Map<string, number>();
  const usedBefore = new Map<string, number>();
  const lifetimes = createKeyLifetimes(needs);

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

  /** With whoever made it, as they are by now: a key does nothing that they may not. */
  const load = (id: string): Promise<KnownKey | undefined> =>
    cache.load(id, async () => {
      const key = await keyStore.find(database, id);
      if (key?.makerId === undefined) return key;
      return { ...key, maker: await answering(database, key.makerId) };
    });

  const apiKeys: ApiKeys = {
    lifetimes,
    sealStored: (options) => keyStore.takeOver(database, options),
    async issueKey({ expiresAtMs, ...request }) {
      const rules = await lifetimes.read();
      // A key's own end bounds what it makes.
      const ruled = request.by.kind === 'key' ? { ...rules, defaultDays: null } : rules;
      const endMs = endWithin(ruled, expiresAtMs, clock.nowMs());
      return apiKeys.createKey({ ...request, ...(endMs === undefined ? {} : { expiresAtMs: endMs }) });
    },

    async createKey(request) {
      const { id, token } = formatToken(random(idBytes), random(secretBytes));
      const key = await database.transaction().execute(async (transaction) => {
        const nowMs = clock.nowMs();
        const granting = await findGranting({ keyStore, users }, transaction, { by: request.by, nowMs });
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
        const details = {
          scopes: grant.scopes,
          source: grant.source ?? null,
          expires_at: grant.expiresAtMs ?? null,
          networks: grant.networks ?? null,
          sites: grant.sites ?? null,
        };
        await record(transaction, request.by, created, { action: 'key.create', activityId: createActivity, details });
        return created;
      });
      await outbox.flushed();
      return { id, key, token: createSecret(token) };
    },

    async authenticate(token, from) {
      const parsed = parseToken(token);
      if (parsed === undefined) return { refused: 'key_malformed' };
      const key = await load(parsed.id);
      // Both compared for everybody: the time taken does not tell which one it was.
      const isCurrent = key !== undefined && matchesHash(token, key.hash);
      const isPrevious = key?.previousHash !== undefined && matchesHash(token, key.previousHash);
      if (key === undefined || (!isCurrent && !isPrevious)) return { refused: 'key_unknown' };
      const nowMs = clock.nowMs();
      const end = endOf(key, nowMs);
      if (end !== undefined) return { refused: end };
      if (!isCurrent && nowMs >= (key.previousEndsAtMs ?? 0)) return { refused: 'key_rotated' };
      if (!isFrom(key.networks, from?.address)) return { refused: 'key_elsewhere' };
      const minuteMs = Math.floor(nowMs / useResolutionMs) * useResolutionMs;
      used.set(key.id, minuteMs);
      if (!isCurrent) usedBefore.set(key.id, minuteMs);
      return principalOf(key);
    },

    async recheck(id) {
      const key = await load(id);
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

    async suspendAllOf(transaction, { makerId, allowed, siteScopes = [], by }) {
      const nowMs = clock.nowMs();
      const live = await keyStore.listLiveOf(transaction, makerId, nowMs);
      const stopped = live.filter(({ scopes, sites }) =>
        scopes.some((scope) => !holdsAt({ scopes: allowed, siteScopes }, scope, sites)),
      );
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
        const granting = await findGranting({ keyStore, users }, transaction, { by, nowMs: clock.nowMs() });
        requireGranted(key, by, granting);
        await keyStore.setSuspended(transaction, id, null);
        // From now on it is theirs to answer for.
        await keyStore.setMaker(transaction, id, makerBehind(by, granting));
        await record(transaction, by, key, { action: 'key.resume', activityId: enableActivity, details: {} });
        return keyStore.find(transaction, id);
      });
      cache.forget(id);
      await outbox.flushed();
      if (resumed === undefined) throw new TypeError('Cannot show a key: it is gone');
      return withoutHashes(resumed);
    },

    async rotateKey({ id, overlapMs, expiresAtMs, by }) {
      if (!(overlapMs >= 0 && overlapMs <= maxOverlapMs))
        throw new IdentityError(
          'key_expiry_invalid',
          `Cannot let the secret of before go on for ${overlapMs} ms: at most ${maxOverlapMs}`,
        );
      const rules = await lifetimes.read();
      const nowMs = clock.nowMs();
      const { token } = formatTokenOf(/^[0-9A-Za-z]{11}$/.test(id) ? id : '0'.repeat(11), random(secretBytes));
      const rotated = await database.transaction().execute(async (transaction) => {
        const key = await keyStore.find(transaction, id);
        if (key === undefined)
          throw new IdentityError('key_not_found', `Cannot rotate key "${id.slice(0, 100)}": must be the id of a key`);
        const end = endOf(key, nowMs);
        if (end !== undefined)
          throw new IdentityError('key_not_live', `Cannot rotate key "${id}": ${end}, must be in use`);
        const granting = await findGranting({ keyStore, users }, transaction, { by, nowMs });
        const endMs = expiresAtMs === undefined ? key.expiresAtMs : endWithin(rules, expiresAtMs, nowMs);
        const { expiresAtMs: _before, ...rest } = key;
        // Whoever gets the secret can be the key from then on.
        requireGranted({ ...rest, ...(endMs === undefined ? {} : { expiresAtMs: endMs }) }, by, granting);
        if (endMs !== undefined && endMs <= nowMs)
          throw new IdentityError('key_expiry_invalid', `Cannot rotate key "${id}": its end must be later than now`);
        const previousEndsAtMs = Math.min(nowMs + overlapMs, endMs ?? Number.POSITIVE_INFINITY);
        await keyStore.rotate(transaction, id, {
          hash: hashToken(token),
          previousHash: key.hash,
          previousEndsAtMs,
          expiresAtMs: endMs,
          nowMs,
        });
        const details = { previous_ends_at: previousEndsAtMs, expires_at: endMs ?? null };
        await record(transaction, by, key, { action: 'key.rotate', activityId: updateActivity, details });
        return keyStore.find(transaction, id);
      });
      cache.forget(id);
      await outbox.flushed();
      if (rotated === undefined) throw new TypeError('Cannot show a key: it is gone');
      return { key: withoutHashes(rotated), token: createSecret(token) };
    },

    async recordUse() {
      const uses = [...used];
      used.clear();
      const usesBefore = [...usedBefore];
      usedBefore.clear();
      if (uses.length === 0) return;
      await database.transaction().execute(async (transaction) => {
        for (const [id, atMs] of uses) await keyStore.setLastUsed(transaction, id, atMs);
        for (const [id, atMs] of usesBefore) await keyStore.setPreviousUsed(transaction, id, atMs);
      });
    },
  };
  return apiKeys;
}

function withoutHashes({ hash: _hash, previousHash: _previous, ...shown }: StoredKey): ApiKey {
  return shown;
}

function principalOf({ id, name, scopes, source, sites, maker }: KnownKey): Principal {
  return {
    kind: 'key',
    id,
    name,
    scopes,
    ...(source === undefined ? {} : { source }),
    ...(sites === undefined ? {} : { sites }),
    ...(maker === undefined ? {} : { onBehalfOf: maker }),
  };
}
