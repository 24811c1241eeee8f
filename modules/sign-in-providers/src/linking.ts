import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { ProviderError } from './errors.ts';
import type { Link, LinkStore } from './link-store.ts';
import type { SignInProviderNeeds } from './needs.ts';
import { providerEvent } from './provider-audit.ts';
import { providerLimits } from './provider.ts';
import type { Providers } from './providers.ts';
import type { ProviderStore } from './provider-store.ts';

/** Accounts elsewhere, as people and administrators keep them. */
export type Linking = {
  list(of: { readonly userId?: string; readonly providerId?: string }): Promise<readonly Link[]>;
  namesOf(links: readonly Link[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Whoever holds that account is that person from now on: only for who may do all that they may. Throws
   * `provider_not_found`, `provider_link_taken`, `provider_role_widened`, `provider_link_not_found`.
   */
  linkFor(request: {
    readonly providerId: string;
    readonly userId: string;
    readonly subject: string;
    readonly by: Principal;
  }): Promise<Link>;
  /** Throws `provider_link_not_found`, also for somebody else's when `ownerId` is given. */
  unlink(request: { readonly id: string; readonly by: Principal; readonly ownerId?: string }): Promise<void>;
  /**
   * All of one person, with the roles that came by them, in the transaction that takes everything else from them. `effective` is to
   * be called after the commit.
   */
  forgetPerson(
    transaction: Transaction,
    request: { readonly userId: string; readonly by: Principal },
  ): Promise<{ readonly count: number; effective(): void }>;
};

const idBytes = 12;

export function createLinking(
  needs: Pick<SignInProviderNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'people' | 'policy'> & {
    readonly links: LinkStore;
    readonly providers: Pick<Providers, 'get'>;
    readonly store: Pick<ProviderStore, 'find'>;
  },
): Linking {
  const { database, outbox, clock, random, links, providers, store, policy } = needs;
  const { provided, sessions } = needs.people;

  return {
    list: (of) => links.list(database, of),

    async namesOf(all) {
      const names = new Map<string, string>();
      for (const { userId } of all)
        if (!names.has(userId)) names.set(userId, (await provided.find(database, userId))?.name ?? '');
      return names;
    },

    async linkFor({ providerId, userId, subject, by }) {
      const provider = await providers.get(providerId);
      const person = await provided.find(database, userId);
      if (person === undefined) throw notFound('Cannot link this person: must be the id of one');
      const asked = { kind: 'user', id: person.id, name: '', scopes: [], assurance: 3 } as const;
      const theirs = policy.permissionsOf({ ...asked, roles: person.rolesAnywhere });
      const own = policy.permissionsOf(by);
      const missing = theirs.find((action) => !own.includes(action));
      if (missing !== undefined)
        throw new ProviderError(
          'provider_role_widened',
          `Cannot link this person: ${by.kind} "${by.id}" must itself be allowed "${missing}"`,
        );
      const nowMs = clock.nowMs();
      const link: Link = {
        id: Buffer.from(random(idBytes)).toString('hex'),
        providerId,
        userId,
        name: subject.slice(0, 100),
        createdAtMs: nowMs,
        createdBy: `${by.kind}/${by.id}`,
        lastUsedAtMs: undefined,
      };
      await database.transaction().execute(async (transaction) => {
        if ((await links.list(transaction, { userId })).length >= providerLimits.linksOfPerson)
          throw new ProviderError('provider_limit_reached', 'Cannot link another account: this person has too many');
        await links.insert(transaction, { ...link, issuer: provider.settings.issuer, subject });
        const details = { user: userId, account: link.name };
        await outbox.record(transaction, providerEvent({ nowMs, by, action: 'provider.link', provider, details }));
      });
      await outbox.flushed();
      return link;
    },

    async unlink({ id, by, ownerId }) {
      const all = await links.list(database, ownerId === undefined ? {} : { userId: ownerId });
      const link = all.find((one) => one.id === id);
      if (link === undefined) throw notFound('Cannot take this link away: must be the id of one');
      const { providerId, userId } = link;
      const provider = await providers.get(providerId);
      const roles = await database.transaction().execute(async (transaction) => {
        await links.remove(transaction, { id });
        await sessions.endWhere({ provider: providerId, userId }, { by, reason: 'provider_unlinked' }, transaction);
        const details = { user: userId, account: link.name };
        const event = providerEvent({ nowMs: clock.nowMs(), by, action: 'provider.unlink', provider, details });
        await outbox.record(transaction, event);
        return provided.setRoles(transaction, { userId, source: `provider/${providerId}`, roles: [], by });
      });
      roles.effective();
      await outbox.flushed();
    },

    async forgetPerson(transaction, { userId, by }) {
      const all = await links.list(transaction, { userId });
      for (const { id, providerId, name } of all) {
        await links.remove(transaction, { id });
        const provider = await store.find(transaction, providerId);
        const details = { user: userId, account: name };
        if (provider !== undefined)
          await outbox.record(
            transaction,
            providerEvent({ nowMs: clock.nowMs(), by, action: 'provider.unlink', provider, details }),
          );
      }
      const changes: { effective(): void }[] = [];
      for (const providerId of new Set(all.map((link) => link.providerId)))
        changes.push(await provided.setRoles(transaction, { userId, source: `provider/${providerId}`, roles: [], by }));
      return { count: all.length, effective: () => changes.forEach((change) => change.effective()) };
    },
  };
}

function notFound(words: string): ProviderError {
  return new ProviderError('provider_link_not_found', words);
}
