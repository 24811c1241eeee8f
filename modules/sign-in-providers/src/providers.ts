import type { Principal } from '@sallyport/platform/http';
import { ProviderError } from './errors.ts';
import { googlesFirebase } from './firebase/firebase-tokens.ts';
import { makeClientKey } from './client-keys.ts';
import type { LinkStore } from './link-store.ts';
import type { SignInProviderNeeds } from './needs.ts';
import { providerEvent, settingsDetails } from './provider-audit.ts';
import { providerLimits, type Provider, type ProviderSettings } from './provider.ts';
import type { ProviderStore, StoredProvider } from './provider-store.ts';
import { checkSettings, requireAccepted, warningsOf, type ProviderWarning } from './settings.ts';

/** Providers as an administrator keeps them. Each change leaves its event in its transaction and holds for the next request. */
export type Providers = {
  list(): Promise<readonly Provider[]>;
  /** With what it takes to speak to it. Throws `provider_not_found`. */
  get(id: string): Promise<StoredProvider>;
  warnings(settings: ProviderSettings): readonly ProviderWarning[];
  /** Throws `provider_invalid`, `provider_role_widened`, `provider_unaccepted`, `provider_limit_reached`. */
  create(request: {
    readonly settings: ProviderSettings;
    readonly secret: string | undefined;
    readonly accept: readonly ProviderWarning[];
    readonly by: Principal;
  }): Promise<Provider>;
  /**
   * A provider that is switched off, is another issuer's from now on, or whose word counts for less, has its sessions ended and its roles taken back, since
   * nobody's groups are kept here to tell who is meant; of another issuer, its links go too. Throws as `create`, and `provider_not_found`.
   */
  change(request: {
    readonly id: string;
    readonly settings: Partial<ProviderSettings>;
    readonly secret: string | undefined;
    readonly accept: readonly ProviderWarning[];
    readonly by: Principal;
  }): Promise<Provider>;
  /** A new key of ours; the one before stays published until the next, for those who have not looked yet. */
  rotateKey(request: { readonly id: string; readonly by: Principal }): Promise<Provider>;
  /** Links, roles and sessions go with it; people stay. */
  remove(request: { readonly id: string; readonly by: Principal }): Promise<void>;
};

const idBytes = 8;

export function createProviders(
  needs: Pick<SignInProviderNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'policy' | 'people' | 'firebase'> & {
    readonly store: ProviderStore;
    readonly links: LinkStore;
    /** Remembers what a provider said of itself no longer. */
    readonly onChange: (id: string) => void;
  },
): Providers {
  const { database, outbox, clock, random, policy, store, links } = needs;
  const { provided, sessions } = needs.people;
  const firebase = needs.firebase ?? googlesFirebase;

  const get: Providers['get'] = async (id) => {
    const found = await store.find(database, id);
    if (found === undefined) throw notFound();
    return found;
  };
  const shown = ({ credentials: _credentials, ...provider }: StoredProvider): Provider => provider;

  const requireSecret = (settings: ProviderSettings, secret: string | undefined): void => {
    if (settings.kind !== 'oidc' || settings.clientAuthentication !== 'secret' || (secret ?? '') !== '') return;
    throw new ProviderError(
      'provider_invalid',
      'Cannot use a client without secret: must have one, or sign with a key',
    );
  };

  /** Whoever is in by its word is out, and has nothing by it. */
  const withdraw = async (
    transaction: Parameters<ProviderStore['insert']>[0],
    id: string,
    by: Principal,
    reason: string,
  ): Promise<{ effective(): void }> => {
    await sessions.endWhere({ provider: id }, { by, reason }, transaction);
    return provided.forgetSource(transaction, { source: `provider/${id}`, by });
  };

  return {
    list: async () => (await store.list(database)).map(shown),
    get,
    warnings: (settings) => warningsOf(settings, policy),

    async create({ settings: given, secret, accept, by }) {
      const settings = checkSettings(given, { by, policy, firebase });
      requireSecret(settings, secret);
      requireAccepted(warningsOf(settings, policy), accept);
      const nowMs = clock.nowMs();
      const id = Buffer.from(random(idBytes)).toString('hex');
      const needsKey = settings.kind === 'oidc' && settings.clientAuthentication === 'private-key';
      const keys = needsKey ? [await makeClientKey({ nowMs, random })] : [];
      await database.transaction().execute(async (transaction) => {
        if ((await store.list(transaction)).length >= providerLimits.providers)
          throw new ProviderError(
            'provider_limit_reached',
            `Cannot add a provider: there are ${providerLimits.providers} already`,
          );
        await store.insert(transaction, { id, createdAtMs: nowMs, settings, credentials: { secret, keys } });
        const details = settingsDetails(settings);
        const provider = { id, settings };
        await outbox.record(transaction, providerEvent({ nowMs, by, action: 'provider.create', provider, details }));
      });
      await outbox.flushed();
      return shown(await get(id));
    },

    async change({ id, settings: asked, secret: newSecret, accept, by }) {
      const before = await get(id);
      const settings = checkSettings(
        { ...before.settings, ...asked, kind: before.settings.kind },
        { by, policy, firebase },
      );
      const secret = newSecret ?? before.credentials.secret;
      requireSecret(settings, secret);
      const known = warningsOf(before.settings, policy);
      requireAccepted(
        // A mapping to administrators that was changed is a new one.
        warningsOf(settings, policy).filter(
          (warning) => !known.includes(warning) || (warning === 'maps_administrators' && asked.groups !== undefined),
        ),
        accept,
      );
      const wantsKey = settings.kind === 'oidc' && settings.clientAuthentication === 'private-key';
      const { keys: had } = before.credentials;
      const nowMs = clock.nowMs();
      const keys = wantsKey && had.length === 0 ? [await makeClientKey({ nowMs, random })] : had;
      const isOther = settings.issuer !== before.settings.issuer || settings.clientId !== before.settings.clientId;
      const isEnding =
        isOther || (before.settings.isEnabled && !settings.isEnabled) || isNarrower(before.settings, settings);
      const withdrawn = await database.transaction().execute(async (transaction) => {
        if (!(await store.update(transaction, id, before.revision, { settings, credentials: { secret, keys } })))
          throw changedMeanwhile();
        const details = {
          ...settingsDetails(settings),
          before: settingsDetails(before.settings),
          secret_changed: newSecret !== undefined,
        };
        const provider = { id, settings };
        await outbox.record(transaction, providerEvent({ nowMs, by, action: 'provider.change', provider, details }));
        // Another issuer’s subjects are other people.
        if (settings.issuer !== before.settings.issuer) await links.remove(transaction, { providerId: id });
        return isEnding ? withdraw(transaction, id, by, 'provider_changed') : undefined;
      });
      withdrawn?.effective();
      needs.onChange(id);
      await outbox.flushed();
      return shown(await get(id));
    },

    async rotateKey({ id, by }) {
      const before = await get(id);
      const nowMs = clock.nowMs();
      const keys = [await makeClientKey({ nowMs, random }), ...before.credentials.keys].slice(0, providerLimits.keys);
      await database.transaction().execute(async (transaction) => {
        const credentials = { ...before.credentials, keys };
        if (!(await store.update(transaction, id, before.revision, { settings: before.settings, credentials })))
          throw changedMeanwhile();
        const details = { key: keys[0]?.id ?? null };
        await outbox.record(
          transaction,
          providerEvent({ nowMs, by, action: 'provider.key', provider: before, details }),
        );
      });
      needs.onChange(id);
      await outbox.flushed();
      return shown(await get(id));
    },

    async remove({ id, by }) {
      const withdrawn = await database.transaction().execute(async (transaction) => {
        const provider = await store.find(transaction, id);
        if (provider === undefined) throw notFound();
        const ended = await withdraw(transaction, id, by, 'provider_deleted');
        await links.remove(transaction, { providerId: id });
        await store.remove(transaction, id);
        await outbox.record(
          transaction,
          providerEvent({ nowMs: clock.nowMs(), by, action: 'provider.delete', provider }),
        );
        return ended;
      });
      withdrawn.effective();
      needs.onChange(id);
      await outbox.flushed();
    },
  };
}

/** By these settings somebody may have less than by those of before: a role, a way to be let in, a level of assurance. */
function isNarrower(before: ProviderSettings, now: ProviderSettings): boolean {
  const gives = ({ groups, defaultRoles }: ProviderSettings): string[] => [
    ...defaultRoles.map((role) => JSON.stringify([role])),
    ...groups.flatMap(({ group, roles }) => roles.map((role) => JSON.stringify([group, role]))),
  ];
  const lacks = <One>(from: readonly One[], of: readonly One[]): boolean =>
    of.some((one) => !from.some((other) => JSON.stringify(other) === JSON.stringify(one)));
  return (
    lacks(gives(now), gives(before)) ||
    now.groupsClaim !== before.groupsClaim ||
    lacks(before.requiredClaims, now.requiredClaims) ||
    now.assurance < before.assurance ||
    lacks(now.trustedMethods, before.trustedMethods)
  );
}

function changedMeanwhile(): ProviderError {
  return new ProviderError(
    'provider_changed_meanwhile',
    'Cannot change the provider: somebody else did at this moment',
  );
}

function notFound(): ProviderError {
  return new ProviderError('provider_not_found', 'Cannot find the provider: must be the id of one');
}
