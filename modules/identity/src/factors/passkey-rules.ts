import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import type { WaysIn } from '../admission/ways-in.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { rolesAnywhereOf, stateOf, type UserStore } from '../people/user-store.ts';
import { certifications, readFidoMetadata, type FidoMetadata } from './fido-metadata.ts';
import { modelOf, refusalOf, type PasskeyPolicy, type PasskeyRefusal, type PasskeyRules } from './passkey-policy.ts';
import type { PasskeyPolicyStore } from './passkey-policy-store.ts';
import type { Passkey, PasskeyStore } from './passkey-store.ts';

export type RefusedPasskey = {
  readonly userId: string;
  readonly name: string;
  /** What its owner calls it. */
  readonly label: string;
  readonly model?: string;
  readonly why: PasskeyRefusal;
};
export type PasskeyPreview = {
  readonly passkeys: number;
  readonly refused: readonly RefusedPasskey[];
  /** Whose last way in it would be: they need a recovery code or a reset. Not who has an app, a card or a passkey that is accepted. */
  readonly withoutFactor: readonly { readonly userId: string; readonly name: string }[];
  /** It would take the last administrator's way in: it is refused, but for the operator. */
  readonly isLockingOut: boolean;
};

/** What people are told about a passkey. */
export type ShownPasskey = {
  /** By the metadata; of what is not attested it is what the authenticator says. */
  readonly model?: string;
  readonly aaguid?: string;
  readonly isAttested: boolean;
  /** It may be copied to other devices. Undefined: not known before it is used. */
  readonly isSynced?: boolean;
  readonly lastUsedAtMs?: number;
  readonly refusal?: PasskeyRefusal;
};

/** Whoever has these roles sees this about their passkey. */
export function shownPasskey(passkey: Passkey, roles: readonly string[], rules: PasskeyRules): ShownPasskey {
  const { aaguid, isAttested, isBackupEligible, lastUsedAtMs } = passkey;
  const model = modelOf(aaguid, rules.metadata)?.name;
  const refusal = refusalOf(passkey, roles, rules);
  return {
    ...(model === undefined ? {} : { model }),
    ...(aaguid === undefined ? {} : { aaguid }),
    isAttested,
    ...(isBackupEligible === undefined ? {} : { isSynced: isBackupEligible }),
    ...(lastUsedAtMs === undefined ? {} : { lastUsedAtMs }),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

/** Which passkeys may be added and used, by the organisation's policy and the imported metadata. */
export type PasskeyRulesService = {
  read(): Promise<PasskeyRules & { readonly importedAtMs?: number }>;
  /** The next should have been here by now. */
  isStale(metadata: FidoMetadata): boolean;
  /** Throws `user_not_found`. */
  passkeysOf(userId: string): Promise<readonly (ShownPasskey & { readonly id: string; readonly label: string })[]>;
  /** Whose passkeys `policy` would refuse. */
  preview(policy: PasskeyPolicy): Promise<PasskeyPreview>;
  /** Throws `role_unknown`, `passkey_policy_invalid`, and `passkey_policy_lock_out` for all but the operator. */
  change(request: { readonly policy: PasskeyPolicy; readonly by: Principal }): Promise<void>;
  /** Throws `fido_metadata_invalid`, `fido_metadata_old`, and `passkey_policy_lock_out` for all but the operator. */
  importMetadata(request: { readonly blob: string; readonly root?: string; readonly by: Principal }): Promise<void>;
};

export function createPasskeyRules(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'policy'> & {
    readonly userStore: UserStore;
    readonly passkeyStore: PasskeyStore;
    readonly waysIn: WaysIn;
    readonly passkeyPolicyStore: PasskeyPolicyStore;
  },
): PasskeyRulesService {
  const { database, outbox, clock, userStore, passkeyStore, waysIn, passkeyPolicyStore: store } = needs;

  const previewOf = async (rules: PasskeyRules, where: Database): Promise<PasskeyPreview> => {
    const users = (await userStore.list(where)).filter((user) => stateOf(user) === 'active');
    const ways = await waysIn.of(where, users, rules);
    const passkeys = new Map<string, Passkey[]>();
    for (const passkey of await passkeyStore.listAll(where))
      passkeys.set(passkey.userId, [...(passkeys.get(passkey.userId) ?? []), passkey]);
    const refused: RefusedPasskey[] = [];
    const withoutFactor: { userId: string; name: string }[] = [];
    let count = 0;
    for (const user of users) {
      const own = passkeys.get(user.id) ?? [];
      const before = refused.length;
      for (const passkey of own) {
        const why = refusalOf(passkey, rolesAnywhereOf(user), rules);
        const model = modelOf(passkey.aaguid, rules.metadata)?.name;
        const one = {
          userId: user.id,
          name: user.name,
          label: passkey.label,
          ...(model === undefined ? {} : { model }),
        };
        if (why !== undefined) refused.push({ ...one, why });
      }
      count += own.length;
      const isTaken = refused.length > before && (ways.get(user.id) ?? []).length === 0;
      if (isTaken) withoutFactor.push({ userId: user.id, name: user.name });
    }
    const had = (await waysIn.administrators(where)).withFactor.size > 0;
    const isLockingOut = had && (await waysIn.administrators(where, rules)).withFactor.size === 0;
    return { passkeys: count, refused, withoutFactor, isLockingOut };
  };
  const record = (transaction: Transaction, by: Principal, id: string, details: JsonObject): Promise<void> =>
    outbox.record(
      transaction,
      auditEvent({
        nowMs: clock.nowMs(),
        actor: { kind: by.kind, id: by.id, name: by.name },
        action: 'settings.change',
        classUid: ocsfClass.entityManagement,
        activityId: 3,
        outcome: 'success',
        target: { type: 'setting', id },
        details,
      }),
    );

  return {
    read: () => store.read(database),
    isStale: ({ nextUpdate }) => clock.nowMs() > Date.parse(nextUpdate) + 86_400_000,

    async passkeysOf(userId) {
      const user = await userStore.find(database, userId);
      if (user === undefined)
        throw new IdentityError(
          'user_not_found',
          `Cannot find person "${userId.slice(0, 100)}": must be one of the list`,
        );
      const rules = await store.read(database);
      const passkeys = await passkeyStore.listOf(database, userId);
      return passkeys.map((one) => ({
        id: one.id,
        label: one.label,
        ...shownPasskey(one, rolesAnywhereOf(user), rules),
      }));
    },

    async preview(policy) {
      const { metadata } = await store.read(database);
      return previewOf(withMetadata(policy, metadata), database);
    },

    async change({ policy, by }) {
      await database.transaction().execute(async (transaction) => {
        const { metadata, policy: before } = await store.read(transaction);
        requireValid(policy, metadata, needs.policy.roles());
        const write = () => store.writePolicy(transaction, policy, clock.nowMs());
        await waysIn.keeping(transaction, by, write, lockOut);
        await record(transaction, by, 'passkey-policy', { from: inWords(before), to: inWords(policy) });
      });
      await outbox.flushed();
    },

    async importMetadata({ blob, root, by }) {
      const nowMs = clock.nowMs();
      const metadata = await readFidoMetadata(blob, { nowMs, ...(root === undefined ? {} : { root }) });
      const importing = database.transaction().execute(async (transaction) => {
        const { metadata: before, importedAtMs = 0 } = await store.read(transaction);
        // Who signs under another root counts by themselves: that root was named by whoever imports.
        if (before !== undefined && before.root === metadata.root && metadata.no <= before.no)
          throw new IdentityError(
            'fido_metadata_old',
            `Cannot import FIDO metadata number ${metadata.no}: must be newer than number ${before.no}, which is here`,
          );
        // The time tells which is the newest: never the same twice.
        const write = () => store.writeMetadata(transaction, metadata, Math.max(nowMs, importedAtMs + 1));
        await waysIn.keeping(transaction, by, write, lockOut);
        const { no, nextUpdate, root: signedUnder, models } = metadata;
        await record(transaction, by, 'passkey-metadata', {
          from: before?.no ?? null,
          to: no,
          next_update: nextUpdate,
          root_sha256: signedUnder,
          models: models.length,
        });
      });
      await importing.catch((error: unknown) => {
        store.forget();
        throw error;
      });
      await outbox.flushed();
    },
  };
}

function lockOut(): IdentityError {
  return new IdentityError(
    'passkey_policy_lock_out',
    'Cannot refuse these passkeys: at least one administrator must keep a second factor that is accepted',
    {
      hint: 'add one that is to your own account first, under Settings, Account; or ask the operator of the machine',
    },
  );
}

function withMetadata(policy: PasskeyPolicy, metadata: FidoMetadata | undefined): PasskeyRules {
  return metadata === undefined ? { policy } : { policy, metadata };
}

function requireValid(
  policy: PasskeyPolicy,
  metadata: FidoMetadata | undefined,
  roles: readonly { readonly id: string }[],
): void {
  const cannot = (what: string): IdentityError =>
    new IdentityError('passkey_policy_invalid', `Cannot set which passkeys are accepted: ${what}`);
  const unknown = policy.hardwareBoundRoles.find((role) => !roles.some(({ id }) => id === role));
  if (unknown !== undefined)
    throw new IdentityError(
      'role_unknown',
      `Cannot ask "${unknown.slice(0, 100)}" for hardware: must be one of ${roles.map(({ id }) => id).join(', ')}`,
    );
  if (policy.attestation === 'direct' && metadata === undefined)
    throw cannot('FIDO metadata must be imported before attestation can be required');
  // Without attestation the AAGUID is what the browser says: good for keeping the honest from a model, not for trusting one.
  if (policy.attestation === 'none' && (policy.allowed.length > 0 || policy.leastCertification !== 'none'))
    throw cannot('attestation must be required where only certain or certified makes are allowed');
  const both = policy.allowed.find((aaguid) => policy.denied.includes(aaguid));
  if (both !== undefined) throw cannot(`${both} must be allowed or denied, not both`);
}

function inWords({ attestation, allowed, denied, leastCertification, hardwareBoundRoles }: PasskeyPolicy): JsonObject {
  return {
    attestation,
    allowed: [...allowed],
    denied: [...denied],
    least_certification: certifications.find((one) => one === leastCertification) ?? 'none',
    hardware_bound_roles: [...hardwareBoundRoles],
  };
}
