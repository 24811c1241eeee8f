import { holdsAt, siteActions } from '@sallyport/access-policy';
import type { HeldScopes } from '@sallyport/access-policy';
import type { Actor } from '@sallyport/ledger';
import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createSecret, type Secret } from '@sallyport/platform/secret';
import { serviceEvent } from '../audit-record.ts';
import { MachineAccessError } from '../errors.ts';
import { defaultLimits, type MachineAccessNeeds } from '../needs.ts';
import { hashOf, newId, newSecretText } from '../random-text.ts';
import type { TokenStore } from '../tokens/token-store.ts';
import { checkExpiry, checkGrant, checkWords, parseSites } from './account-grant.ts';
import type { AccountChange, AccountStore } from './account-store.ts';
import { endOf, type Credential, type ServiceAccount } from './account.ts';
import { parseCredential, type CredentialRequest } from './credential-parsing.ts';

export type AccountRequest = {
  readonly name: string;
  readonly description?: string;
  /** The person who asks, when undefined. */
  readonly ownerId?: string;
  readonly scopes: readonly string[];
  readonly sites?: readonly string[];
  readonly expiresAtMs?: number;
  readonly boundOnly?: boolean;
  readonly by: Principal;
};

export type ShownAccount = ServiceAccount & { readonly credentials: readonly Credential[] };

/**
 * Accounts of programs. Every change leaves its audit event in its own transaction and takes effect before it resolves: tokens
 * look at their account at every request.
 */
export type ServiceAccounts = {
  /** Throws `service_invalid`, `service_limit_reached` and what `checkGrant` throws. */
  create(request: AccountRequest): Promise<ShownAccount>;
  /** Newest first. */
  list(): Promise<readonly ShownAccount[]>;
  find(id: string): Promise<ShownAccount | undefined>;
  /** Of those that a person answers for. */
  idsOf(ownerId: string): Promise<readonly string[]>;
  /** What it may do everywhere at this moment; undefined when there is none, or it has ended. */
  scopesNow(id: string): Promise<readonly string[] | undefined>;
  /** As `create`; tokens of before have no more than the account has now. Throws `service_not_found`. */
  change(
    request: { readonly id: string; readonly by: Principal } & Omit<AccountChange, 'suspended'>,
  ): Promise<ShownAccount>;
  suspend(request: { readonly id: string; readonly by: Principal }): Promise<ShownAccount>;
  /** Whoever wakes it must have what it may do. Throws `service_not_suspended` and what `checkGrant` throws. */
  resume(request: { readonly id: string; readonly by: Principal }): Promise<ShownAccount>;
  /** With its credentials and tokens, for ever. */
  remove(request: { readonly id: string; readonly by: Principal }): Promise<void>;
  /**
   * A new secret, shown this once. Two at most are good at a time: with `overlapMs` the one there is ends after so long, else
   * it stays until it is taken away. Throws `service_credential_limit`.
   */
  addSecret(request: {
    readonly id: string;
    readonly label: string;
    readonly expiresAtMs?: number;
    readonly overlapMs?: number;
    readonly by: Principal;
  }): Promise<{ readonly credential: Credential; readonly secret: Secret }>;
  /** Throws `service_credential_invalid`, `service_credential_limit`. */
  addCredential(request: {
    readonly id: string;
    readonly label: string;
    readonly credential: CredentialRequest;
    readonly expiresAtMs?: number;
    readonly by: Principal;
  }): Promise<Credential>;
  /** And with it, at once, every token of the account. */
  removeCredential(request: {
    readonly id: string;
    readonly credentialId: string;
    readonly by: Principal;
  }): Promise<void>;
  /** In the transaction that disables a person or takes rights from them: as API keys are, accounts they answer for are stopped. */
  suspendAllOf(
    transaction: Transaction,
    request: {
      readonly makerId: string;
      readonly allowed: readonly string[];
      readonly siteScopes?: HeldScopes['siteScopes'];
      readonly by: Principal | Actor;
    },
  ): Promise<number>;
};

const maxSecrets = 2;
const maxCredentials = 10;
const secretPrefix = 'sps_';
const shownOfSecret = secretPrefix.length + 4;
const maxOverlapMs = 7 * 86_400_000;

export function createServiceAccounts(
  needs: Pick<
    MachineAccessNeeds,
    'database' | 'outbox' | 'clock' | 'random' | 'allowedTo' | 'answering' | 'permissionsOf' | 'limits'
  > & {
    readonly accountStore: AccountStore;
    readonly tokenStore: TokenStore;
  },
): ServiceAccounts {
  const { database, outbox, clock, random, accountStore, tokenStore } = needs;
  const limits = { ...defaultLimits, ...needs.limits };

  const requireAccount = async (transaction: Transaction, id: string): Promise<ServiceAccount> => {
    const account = await accountStore.find(transaction, id);
    if (account !== undefined) return account;
    throw new MachineAccessError(
      'service_not_found',
      `Cannot find service account "${id.slice(0, 100)}": must be the id of one`,
    );
  };
  const record = (
    transaction: Transaction,
    action: string,
    about: { readonly by: Principal | Actor; readonly account: ServiceAccount; readonly details?: JsonObject },
  ): Promise<void> => outbox.record(transaction, serviceEvent({ nowMs: clock.nowMs(), action, ...about }));

  const shown = async (id: string): Promise<ShownAccount> => {
    const account = await accountStore.find(database, id);
    if (account === undefined)
      throw new MachineAccessError('service_not_found', `Cannot show service account "${id}": it is gone`);
    return { ...account, credentials: (await accountStore.credentials(database, id)).map(withoutHash) };
  };
  /** Runs a change of an account that there is, and waits until it is in the ledger. */
  const changing = async (
    id: string,
    change: (transaction: Transaction, account: ServiceAccount) => Promise<void>,
  ): Promise<ShownAccount> => {
    await database
      .transaction()
      .execute(async (transaction) => change(transaction, await requireAccount(transaction, id)));
    await outbox.flushed();
    return shown(id);
  };
  const requirePerson = (by: Principal): void => {
    if (by.kind === 'user' || by.kind === 'operator') return;
    throw new MachineAccessError(
      'service_grant_widened',
      `Cannot let ${by.kind} "${by.id}" give a service account a credential: must be a person`,
    );
  };

  const insertCredential = async (
    transaction: Transaction,
    account: ServiceAccount,
    made: { readonly credential: Credential; readonly hash?: string; readonly by: Principal },
  ): Promise<void> => {
    const { credential, hash, by } = made;
    // Who may not give the account its rights must not be able to come in as it either.
    requireHeldBy(by, account);
    const live = (await accountStore.credentials(transaction, account.id)).filter(
      ({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > clock.nowMs(),
    );
    const secrets = live.filter(({ kind }) => kind === 'secret').length;
    if (live.length >= maxCredentials || (credential.kind === 'secret' && secrets >= maxSecrets))
      throw new MachineAccessError(
        'service_credential_limit',
        `Cannot add a credential: there are ${credential.kind === 'secret' ? `${secrets} secrets` : `${live.length}`} already, take one away first`,
      );
    await accountStore.insertCredential(transaction, account.id, {
      ...credential,
      ...(hash === undefined ? {} : { hash }),
    });
    await record(transaction, 'service.credential-add', {
      by,
      account,
      details: { credential: credential.id, kind: credential.kind, expires_at: credential.expiresAtMs ?? null },
    });
  };
  const newCredential = (request: {
    readonly label: string;
    readonly expiresAtMs?: number;
    readonly by: Principal;
  }) => {
    checkWords({ name: request.label });
    checkExpiry(request.expiresAtMs, clock.nowMs());
    return {
      id: newId(random),
      label: request.label,
      createdAtMs: clock.nowMs(),
      createdBy: `${request.by.kind}/${request.by.id}`,
      ...(request.expiresAtMs === undefined ? {} : { expiresAtMs: request.expiresAtMs }),
    };
  };

  return {
    async create({ name, description = '', ownerId, scopes, sites: at, expiresAtMs, boundOnly = true, by }) {
      checkWords({ name, description });
      checkExpiry(expiresAtMs, clock.nowMs());
      const sites = parseSites(at);
      const owner = ownerId ?? (by.kind === 'user' ? by.id : undefined);
      if (owner === undefined)
        throw new MachineAccessError(
          'service_owner_unfit',
          'Cannot make an account nobody answers for: must name its owner',
        );
      checkGrant({ scopes, sites, by, ownerMay: await needs.allowedTo(owner) });
      const account: ServiceAccount = {
        id: newId(random),
        name: name.trim(),
        description,
        ownerId: owner,
        scopes: [...new Set(scopes)],
        boundOnly,
        createdAtMs: clock.nowMs(),
        createdBy: `${by.kind}/${by.id}`,
        ...(sites === undefined ? {} : { sites }),
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      };
      await database.transaction().execute(async (transaction) => {
        if ((await accountStore.list(transaction)).length >= limits.maxAccounts)
          throw new MachineAccessError(
            'service_limit_reached',
            `Cannot make another account: there are ${limits.maxAccounts}`,
          );
        await accountStore.insert(transaction, account);
        await record(transaction, 'service.create', { by, account, details: detailsOf(account) });
      });
      await outbox.flushed();
      return { ...account, credentials: [] };
    },

    async list() {
      const credentials = Map.groupBy(await accountStore.credentials(database), ({ accountId }) => accountId);
      const accounts = await accountStore.list(database);
      return accounts.map((account) => ({
        ...account,
        credentials: (credentials.get(account.id) ?? []).map(withoutHash),
      }));
    },

    idsOf: async (ownerId) => (await accountStore.listOf(database, ownerId)).map(({ id }) => id),

    async scopesNow(id) {
      const account = await accountStore.find(database, id);
      if (account === undefined || endOf(account, clock.nowMs()) !== undefined) return undefined;
      // Neither at some sites alone nor what its owner may not do is everywhere.
      const { name, scopes, sites, ownerId } = account;
      const onBehalfOf = await needs.answering(ownerId);
      const narrowed = { onBehalfOf, ...(sites === undefined ? {} : { sites }) };
      return needs.permissionsOf({ kind: 'service', id, name, scopes, ...narrowed });
    },

    async find(id) {
      return (await accountStore.find(database, id)) === undefined ? undefined : shown(id);
    },

    async change({ id, by, ...change }) {
      checkWords(change);
      checkExpiry(change.expiresAtMs ?? undefined, clock.nowMs());
      const at = parseSites(change.sites ?? undefined);
      const before = await accountStore.find(database, id);
      const ownerMay = before === undefined ? undefined : await needs.allowedTo(change.ownerId ?? before.ownerId);
      return changing(id, async (transaction, account) => {
        const changed = { ...account, ...change };
        const sites = change.sites === undefined ? account.sites : at;
        // Somebody who may do less could otherwise steer an account that may do more, such as to an owner of their choice.
        checkGrant({ scopes: changed.scopes, sites, by, ownerMay });
        requireHeldBy(by, account);
        await accountStore.update(transaction, id, { ...change, ...(at === undefined ? {} : { sites: at }) });
        const { scopes: were } = account;
        const details = {
          ...detailsOf({ ...changed, sites }),
          scopes_before: [...were],
          sites_before: account.sites === undefined ? null : [...account.sites],
          owner_before: account.ownerId,
        };
        await record(transaction, 'service.change', { by, account, details });
      });
    },

    suspend: ({ id, by }) =>
      changing(id, async (transaction, account) => {
        if (account.suspendedAtMs !== undefined) return;
        await accountStore.update(transaction, id, { suspended: { atMs: clock.nowMs(), for: 'by-hand' } });
        await tokenStore.removeOfAccount(transaction, id);
        await record(transaction, 'service.suspend', { by, account });
      }),

    async resume({ id, by }) {
      const before = await accountStore.find(database, id);
      const ownerMay = before === undefined ? undefined : await needs.allowedTo(before.ownerId);
      return changing(id, async (transaction, account) => {
        if (account.suspendedAtMs === undefined)
          throw new MachineAccessError(
            'service_not_suspended',
            `Cannot resume service account "${id}": must be suspended`,
          );
        checkGrant({ scopes: account.scopes, sites: account.sites, by, ownerMay });
        await accountStore.update(transaction, id, { suspended: null });
        await record(transaction, 'service.resume', { by, account });
      });
    },

    async remove({ id, by }) {
      await database.transaction().execute(async (transaction) => {
        const account = await requireAccount(transaction, id);
        await tokenStore.removeOfAccount(transaction, id);
        await accountStore.remove(transaction, id);
        await record(transaction, 'service.delete', { by, account });
      });
      await outbox.flushed();
    },

    async addSecret({ id, overlapMs, by, ...request }) {
      requirePerson(by);
      if (overlapMs !== undefined && !(overlapMs >= 0 && overlapMs <= maxOverlapMs))
        throw new MachineAccessError(
          'service_invalid',
          `Cannot let the secret of before go on for so long: at most ${maxOverlapMs} ms`,
        );
      const text = newSecretText(secretPrefix, random);
      const credential: Credential = {
        ...newCredential({ ...request, by }),
        kind: 'secret',
        prefix: text.slice(0, shownOfSecret),
      };
      await database.transaction().execute(async (transaction) => {
        const account = await requireAccount(transaction, id);
        const nowMs = clock.nowMs();
        const earlier = (await accountStore.credentials(transaction, id)).filter(({ kind }) => kind === 'secret');
        for (const one of earlier) {
          if (one.expiresAtMs !== undefined && one.expiresAtMs <= nowMs)
            await accountStore.removeCredential(transaction, one.id);
          else if (overlapMs !== undefined) {
            const endMs = Math.min(nowMs + overlapMs, one.expiresAtMs ?? Number.POSITIVE_INFINITY);
            await accountStore.endCredential(transaction, one.id, endMs);
          }
        }
        await insertCredential(transaction, account, { credential, hash: hashOf('client secret', text), by });
      });
      await outbox.flushed();
      return { credential, secret: createSecret(text) };
    },

    async addCredential({ id, credential: request, by, ...rest }) {
      requirePerson(by);
      const facts = await parseCredential(request, clock.nowMs());
      const credential: Credential = { ...newCredential({ ...rest, by }), ...facts };
      await database.transaction().execute(async (transaction) => {
        const account = await requireAccount(transaction, id);
        await insertCredential(transaction, account, { credential, by });
      });
      await outbox.flushed();
      return credential;
    },

    async removeCredential({ id, credentialId, by }) {
      await database.transaction().execute(async (transaction) => {
        const account = await requireAccount(transaction, id);
        const found = (await accountStore.credentials(transaction, id)).find((one) => one.id === credentialId);
        if (found === undefined)
          throw new MachineAccessError(
            'service_credential_not_found',
            `Cannot take away credential "${credentialId.slice(0, 100)}": must be one of this account`,
          );
        await accountStore.removeCredential(transaction, credentialId);
        await tokenStore.removeOfAccount(transaction, id);
        const details = { credential: credentialId, kind: found.kind };
        await record(transaction, 'service.credential-remove', { by, account, details });
      });
      await outbox.flushed();
    },

    async suspendAllOf(transaction, { makerId, allowed, siteScopes = [], by }) {
      const live = (await accountStore.listOf(transaction, makerId)).filter(
        ({ suspendedAtMs }) => suspendedAtMs === undefined,
      );
      const stopped = live.filter(({ scopes, sites }) =>
        scopes.some((scope) => !holdsAt({ scopes: allowed, siteScopes }, scope, sites)),
      );
      for (const account of stopped) {
        await accountStore.update(transaction, account.id, { suspended: { atMs: clock.nowMs(), for: 'owner' } });
        await tokenStore.removeOfAccount(transaction, account.id);
        await record(transaction, 'service.suspend', { by, account, details: { owner: makerId } });
      }
      return stopped.length;
    },
  };
}

/** Of what it is by now, whoever answers for it. Throws as `checkGrant`. */
function requireHeldBy(by: Principal, { scopes, sites }: ServiceAccount): void {
  // What was made before such were refused could do nothing that is about no site: its sites are looked at alone.
  const here = sites === undefined ? scopes : scopes.filter((scope) => siteActions.some((one) => one === scope));
  if (here.length > 0) checkGrant({ scopes: here, sites, by, ownerMay: { scopes: here } });
}

function withoutHash({
  hash: _hash,
  accountId: _account,
  ...credential
}: Credential & { hash?: string; accountId?: string }): Credential {
  return credential;
}

function detailsOf({
  scopes,
  sites,
  ownerId,
  expiresAtMs,
  boundOnly,
}: Pick<ServiceAccount, 'scopes' | 'ownerId' | 'boundOnly'> & {
  readonly sites?: readonly string[] | undefined;
  readonly expiresAtMs?: number | null | undefined;
}): JsonObject {
  return {
    scopes: [...scopes],
    sites: sites === undefined ? null : [...sites],
    owner: ownerId,
    expires_at: expiresAtMs ?? null,
    bound_only: boundOnly,
  };
}
