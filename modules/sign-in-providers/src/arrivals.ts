import { isIP } from 'node:net';
import { ocsfClass } from '@sallyport/contracts';
import { sessionRefusalOf, type Admitted } from '@sallyport/identity';
import { auditEvent, type AuditEvent } from '@sallyport/ledger';
import { isUniqueViolation, type Transaction } from '@sallyport/platform/database';
import { codeOf } from '@sallyport/platform/errors';
import type { Client } from '@sallyport/platform/http';
import { assuranceOf, groupsOf, missingClaim, nameOf, rolesOf } from './claims.ts';
import { ProviderError } from './errors.ts';
import type { Link, LinkStore } from './link-store.ts';
import type { SignInProviderNeeds } from './needs.ts';
import { actorOf, providerEvent } from './provider-audit.ts';
import type { OutsideAccount } from './provider.ts';
import type { StoredProvider } from './provider-store.ts';

/** What would become of an account, for whoever sets the provider up. */
export type Arrival = {
  readonly name: string | undefined;
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  readonly assurance: 1 | 2 | 3;
  readonly person:
    | { readonly kind: 'known'; readonly id: string; readonly name: string; readonly isDisabled: boolean }
    | { readonly kind: 'made'; readonly name: string }
    | { readonly kind: 'refused'; readonly why: RefusalReason };
};

/** For the ledger and for whoever sets a provider up; whoever tries to sign in is told less. */
export type RefusalReason =
  | 'claim_missing'
  | 'not_linked'
  | 'name_missing'
  | 'name_taken'
  | 'may_not_sign_in'
  | 'roles_separated';

/**
 * From a provider's word to somebody here: the account linked to exactly that subject of exactly that provider, and nobody else,
 * whatever name, address or group the provider tells. Whether it is enough to come in is for admission, as at every door.
 */
export type Arrivals = {
  /** Throws `provider_account_unknown`, and what admission throws. */
  signIn(provider: StoredProvider, account: OutsideAccount, client: Client): Promise<Admitted>;
  /** Makes the account theirs: for who is signed in and has proved it, just now. Throws `provider_link_taken`. */
  link(
    provider: StoredProvider,
    account: OutsideAccount,
    owner: { readonly userId: string; readonly sessionId: string },
  ): Promise<Link>;
  /** Changes nothing. */
  foresee(provider: StoredProvider, account: OutsideAccount): Promise<Arrival>;
};

const idBytes = 12;

export function createArrivals(
  needs: Pick<SignInProviderNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'people'> & {
    readonly links: LinkStore;
  },
): Arrivals {
  const { database, outbox, clock, random, links } = needs;
  const { provided, admission, sessions } = needs.people;

  const newLink = (provider: StoredProvider, account: OutsideAccount, userId: string, by: string): Link => ({
    id: Buffer.from(random(idBytes)).toString('hex'),
    providerId: provider.id,
    userId,
    name: shownName(provider, account),
    createdAtMs: clock.nowMs(),
    createdBy: by,
    lastUsedAtMs: clock.nowMs(),
  });

  const personFor = async (
    transaction: Transaction,
    provider: StoredProvider,
    account: OutsideAccount,
  ): Promise<string> => {
    const { settings, id: providerId } = provider;
    const known = await links.findByAccount(transaction, { providerId, ...account });
    if (known !== undefined) {
      await links.noteUse(transaction, known.id, shownName(provider, account));
      return known.userId;
    }
    if (!settings.createsPeople) throw new Refused('not_linked');
    const name = nameOf(account.claims, settings);
    if (name === undefined) throw new Refused('name_missing');
    // Whoever has that name here is another person until they say themselves that they are not.
    if (await provided.isNameTaken(transaction, name)) throw new Refused('name_taken');
    const person = await provided.create(transaction, { name, by: actorOf(provider) });
    const link = newLink(provider, account, person.id, `provider/${providerId}`);
    await links.insert(transaction, { ...link, ...account });
    await recordLink(transaction, provider, link);
    return person.id;
  };

  const recordLink = (transaction: Transaction, provider: StoredProvider, link: Link): Promise<void> =>
    outbox.record(
      transaction,
      providerEvent({
        nowMs: clock.nowMs(),
        by: actorOf(provider),
        action: 'provider.link',
        provider,
        details: { user: link.userId, account: link.name },
      }),
    );

  const setRoles = (
    transaction: Transaction,
    provider: StoredProvider,
    account: OutsideAccount,
    userId: string,
  ): Promise<{ effective(): void }> =>
    provided.setRoles(transaction, {
      userId,
      source: `provider/${provider.id}`,
      roles: rolesOf(groupsOf(account.claims, provider.settings), provider.settings),
      by: actorOf(provider),
    });

  /** Roles that nobody may hold together are not handed out by groups either. Throws `Refused`. */
  const refuseTogether = async (provider: StoredProvider, account: OutsideAccount): Promise<void> => {
    const known = await links.findByAccount(database, { providerId: provider.id, ...account });
    try {
      await provided.refuseTogether({
        userId: known?.userId,
        name: shownName(provider, account),
        source: `provider/${provider.id}`,
        roles: rolesOf(groupsOf(account.claims, provider.settings), provider.settings),
      });
    } catch (error) {
      throw codeOf(error) === 'privilege_separated' ? new Refused('roles_separated') : error;
    }
  };

  /** Whoever the provider does not let in any more has nothing left by its word, by whatever door they come. */
  const takeBack = async (
    transaction: Transaction,
    provider: StoredProvider,
    account: OutsideAccount,
  ): Promise<{ effective(): void } | undefined> => {
    const known = await links.findByAccount(transaction, { providerId: provider.id, ...account });
    if (known === undefined) return undefined;
    const [by, source] = [actorOf(provider), `provider/${provider.id}`];
    const which = { provider: provider.id, userId: known.userId };
    await sessions.endWhere(which, { by, reason: 'provider_refused' }, transaction);
    return provided.setRoles(transaction, { userId: known.userId, source, roles: [], by });
  };

  const admit = (provider: StoredProvider, account: OutsideAccount, client: Client) =>
    database.transaction().execute(async (transaction) => {
      if (missingClaim(account.claims, provider.settings) !== undefined) throw new Refused('claim_missing');
      const userId = await personFor(transaction, provider, account);
      const roles = await setRoles(transaction, provider, account, userId);
      const { sessionId } = account;
      const assurance = assuranceOf(account.claims, provider.settings);
      const admitted = await admission.admit(transaction, {
        user: { id: userId },
        shown: {
          methods: [`provider:${provider.id}`],
          provider: { id: provider.id, assurance, ...(sessionId === undefined ? {} : { sessionId }) },
        },
        client,
      });
      return { admitted, roles };
    });

  const refuse = async (
    reason: RefusalReason,
    provider: StoredProvider,
    account: OutsideAccount,
    client: Client,
  ): Promise<never> => {
    const event = refusalEvent({ nowMs: clock.nowMs(), reason, provider, client, name: shownName(provider, account) });
    const isOver = reason === 'claim_missing' || reason === 'roles_separated';
    const taken = await database.transaction().execute(async (transaction) => {
      await outbox.record(transaction, event);
      return isOver ? takeBack(transaction, provider, account) : undefined;
    });
    taken?.effective();
    await outbox.flushed();
    throw new ProviderError(
      'provider_account_unknown',
      `Cannot sign in with ${provider.settings.name}: there is no account here for that one`,
      {
        hint: 'sign in another way and link it under Settings, Account; or ask an administrator, who finds the reason in the audit trail',
      },
    );
  };

  /** They were let in, and the session was not begun: with what was rolled back went every trace of the attempt. */
  const recordRefusal = async (
    reason: string,
    provider: StoredProvider,
    account: OutsideAccount,
    client: Client,
  ): Promise<void> => {
    const name = shownName(provider, account);
    await database
      .transaction()
      .execute((transaction) =>
        outbox.record(transaction, refusalEvent({ nowMs: clock.nowMs(), reason, provider, client, name })),
      );
    await outbox.flushed();
  };

  return {
    async signIn(provider, account, client) {
      for (let tries = 0; ; tries += 1) {
        try {
          await refuseTogether(provider, account);
          const { admitted, roles } = await admit(provider, account, client);
          roles.effective();
          await outbox.flushed();
          return admitted;
        } catch (error) {
          if (error instanceof Refused) return refuse(error.reason, provider, account, client);
          const refusal = sessionRefusalOf(error);
          if (refusal !== undefined) await recordRefusal(refusal, provider, account, client);
          if (codeOf(error) === 'credentials_wrong') return refuse('may_not_sign_in', provider, account, client);
          // Two first sign-ins at once: one made the account, the other finds it.
          const isRace = isUniqueViolation(error) || codeOf(error) === 'provider_link_taken';
          if (!isRace || tries > 0) throw error;
        }
      }
    },

    async link(provider, account, { userId, sessionId }) {
      const session = await sessions.find(sessionId);
      if (session?.userId !== userId)
        throw new ProviderError(
          'provider_attempt_invalid',
          'Cannot link this account: the session that began it has ended',
        );
      if (missingClaim(account.claims, provider.settings) !== undefined)
        throw new ProviderError(
          'provider_account_unknown',
          'Cannot link this account: it lacks what the provider’s settings require',
        );
      await provided.refuseTogether({
        userId,
        name: '',
        source: `provider/${provider.id}`,
        roles: rolesOf(groupsOf(account.claims, provider.settings), provider.settings),
      });
      const done = await database.transaction().execute(async (transaction) => {
        const known = await links.findByAccount(transaction, { providerId: provider.id, ...account });
        if (known !== undefined && known.userId !== userId)
          throw new ProviderError('provider_link_taken', 'Cannot link this account: it belongs to somebody already');
        const link = known ?? newLink(provider, account, userId, `user/${userId}`);
        if (known === undefined) {
          await links.insert(transaction, { ...link, ...account });
          await recordLink(transaction, provider, link);
        }
        return { link, roles: await setRoles(transaction, provider, account, userId) };
      });
      done.roles.effective();
      await outbox.flushed();
      return done.link;
    },

    async foresee(provider, account) {
      const { settings, id: providerId } = provider;
      const groups = groupsOf(account.claims, settings);
      const name = nameOf(account.claims, settings);
      const facts = {
        name,
        groups,
        roles: rolesOf(groups, settings),
        assurance: assuranceOf(account.claims, settings),
      };
      const refused = (why: RefusalReason): Arrival => ({ ...facts, person: { kind: 'refused', why } });
      if (missingClaim(account.claims, settings) !== undefined) return refused('claim_missing');
      try {
        await refuseTogether(provider, account);
      } catch (error) {
        if (error instanceof Refused) return refused(error.reason);
        throw error;
      }
      const known = await links.findByAccount(database, { providerId, ...account });
      const person = known === undefined ? undefined : await provided.find(database, known.userId);
      if (person !== undefined) {
        const isDisabled = person.state !== 'active';
        return { ...facts, person: { kind: 'known', id: person.id, name: person.name, isDisabled } };
      }
      if (!settings.createsPeople) return refused('not_linked');
      if (name === undefined) return refused('name_missing');
      if (await provided.isNameTaken(database, name)) return refused('name_taken');
      return { ...facts, person: { kind: 'made', name } };
    },
  };
}

class Refused extends Error {
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason) {
    super(reason);
    this.reason = reason;
  }
}

/** For people to recognise; never to find somebody by. */
function shownName({ settings }: StoredProvider, { claims, subject }: OutsideAccount): string {
  return (nameOf(claims, settings) ?? subject).slice(0, 100);
}

/** OCSF Authentication (3002), a logon that failed: counted with every other. */
export function refusalEvent(input: {
  readonly nowMs: number;
  readonly reason: string;
  readonly provider: StoredProvider;
  readonly client: Client;
  readonly name?: string;
}): AuditEvent {
  const { nowMs, reason, provider, client, name = '' } = input;
  const first = client.address.replace(/\/64$/, '');
  const { classUid, event } = auditEvent({
    nowMs,
    actor: { kind: 'unknown', id: client.address, name: 'unauthenticated' },
    action: 'session.sign-in',
    classUid: ocsfClass.authentication,
    activityId: 1,
    outcome: 'failure',
    target: { type: 'user', id: '', name },
    details: {
      reason,
      methods: [`provider:${provider.id}`],
      provider: provider.settings.name,
      address: client.address,
    },
  });
  return {
    classUid,
    event: {
      ...event,
      user: { name },
      status_detail: reason,
      ...(isIP(first) === 0 ? {} : { src_endpoint: { ip: first } }),
      ...(client.agent === '' ? {} : { http_request: { user_agent: client.agent } }),
    },
  };
}
