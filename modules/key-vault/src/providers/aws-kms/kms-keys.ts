import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  ListAliasesCommand,
  ListKeysCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import type { KeyMetadata, KMSClient } from '@aws-sdk/client-kms';
import { KeyVaultError } from '../../errors.ts';
import type { MasterKeyName, Presence } from '../../key-provider.ts';
import { isNameOf, unavailable, vaultOf } from '../provider-failure.ts';
import { isNotFound, kmsFailure } from './kms-client.ts';

const maxAliasPages = 200;
const maxKeyPages = 20;
const aliasPrefix = 'alias/';

/** A key whose alias carries the name of a master key. */
export type KmsKey = { readonly arn: string; readonly presence: Presence };

/** The keys of one account in one region. An answer from another account or region is `provider_changed`. */
export function createKmsKeys(needs: {
  readonly client: KMSClient;
  readonly account: string;
  readonly region: string;
}) {
  const { client, account, region } = needs;

  /** Throws `provider_changed` when a name of AWS is of another account or region. */
  const requireOurs = (arn: string | undefined): string => {
    const [, partition, service, foundRegion, foundAccount] = (arn ?? '').split(':');
    if (
      partition?.startsWith('aws') === true &&
      service === 'kms' &&
      foundRegion === region &&
      foundAccount === account
    ) {
      return arn ?? '';
    }
    throw new KeyVaultError(
      'provider_changed',
      `AWS KMS answered for account ${foundAccount ?? '?'} in ${foundRegion ?? '?'}, must be ${account} in ${region}`,
    );
  };

  /** `keyId`: an alias or an ARN. */
  const describe = async (
    keyId: string,
    abortSignal: AbortSignal,
  ): Promise<(KmsKey & { description: string }) | undefined> => {
    try {
      const { KeyMetadata: found } = await client.send(new DescribeKeyCommand({ KeyId: keyId }), {
        abortSignal,
      });
      if (found === undefined) throw unavailable('AWS KMS described no key');
      return { arn: requireOurs(found.Arn), presence: presenceOf(found), description: found.Description ?? '' };
    } catch (error) {
      if (isNotFound(error)) {
        // Its message names the account that was asked.
        const asked = /arn:aws[a-z-]*:kms:[^:\s]+:[0-9]{12}:/.exec(error instanceof Error ? error.message : '')?.[0];
        if (asked !== undefined) requireOurs(asked);
        return undefined;
      }
      throw error instanceof KeyVaultError ? error : kmsFailure(`describe "${keyId}"`, error);
    }
  };

  const find = async (name: MasterKeyName, abortSignal: AbortSignal): Promise<KmsKey | undefined> =>
    describe(aliasPrefix + name, abortSignal);

  /** A key that was made under this name and lost its alias since: taking the alias away destroys nothing. */
  const findNameless = async (name: MasterKeyName, abortSignal: AbortSignal): Promise<KmsKey | undefined> => {
    let marker: string | undefined;
    for (let page = 0; page < maxKeyPages; page += 1) {
      const given = marker === undefined ? {} : { Marker: marker };
      const answer = await client
        .send(new ListKeysCommand({ Limit: 100, ...given }), { abortSignal })
        .catch((error: unknown) => {
          throw kmsFailure('list keys', error);
        });
      for (const { KeyArn } of answer.Keys ?? []) {
        const key = await describe(requireOurs(KeyArn), abortSignal);
        if (key?.description === name) return key;
      }
      if (answer.Truncated !== true || answer.NextMarker === undefined) return undefined;
      marker = answer.NextMarker;
    }
    throw unavailable(`AWS KMS lists more than ${maxKeyPages * 100} keys`);
  };

  const list = async (vault: string, abortSignal: AbortSignal): Promise<readonly MasterKeyName[]> => {
    const names: MasterKeyName[] = [];
    let marker: string | undefined;
    for (let page = 0; page < maxAliasPages; page += 1) {
      const given = marker === undefined ? {} : { Marker: marker };
      const answer = await client
        .send(new ListAliasesCommand({ Limit: 100, ...given }), { abortSignal })
        .catch((error: unknown) => {
          throw kmsFailure('list aliases', error);
        });
      for (const { AliasName = '', AliasArn } of answer.Aliases ?? []) {
        requireOurs(AliasArn);
        const name = AliasName.slice(aliasPrefix.length);
        if (isNameOf(vault, name)) names.push(name);
      }
      if (answer.Truncated !== true || answer.NextMarker === undefined) return names;
      marker = answer.NextMarker;
    }
    throw unavailable(`AWS KMS lists more than ${maxAliasPages * 100} aliases`);
  };

  return {
    find,
    list,
    /** The key an ARN of this account and region names, whatever its alias is now. */
    async findByReference(reference: string, abortSignal: AbortSignal): Promise<KmsKey | undefined> {
      return describe(requireOurs(reference), abortSignal);
    },
    /** What may be said of a name that has no alias. `reference`: the key that had it, when that is known. */
    async absence(name: MasterKeyName, reference: string | undefined, abortSignal: AbortSignal): Promise<Presence> {
      const nameless =
        reference === undefined
          ? await findNameless(name, abortSignal)
          : await describe(requireOurs(reference), abortSignal);
      if (nameless?.presence.kind === 'usable')
        return { kind: 'disabled', why: `Its alias was taken from it: ${nameless.arn}` };
      if (nameless !== undefined) return nameless.presence;
      for (const other of await list(vaultOf(name), abortSignal)) {
        const found = other === name ? undefined : await find(other, abortSignal);
        if (found?.presence.kind !== 'usable') continue;
        return {
          kind: 'absent',
          shownBy: `Account ${account} in ${region} holds "${other}" and no alias of this name`,
        };
      }
      return {
        kind: 'unknown',
        why: `Account ${account} in ${region} holds no key of this vault that would show it is the right one`,
      };
    },
    /** Makes a key and gives it its name. False when another has the name already; the key made in vain is scheduled for deletion. */
    async create(name: MasterKeyName, abortSignal: AbortSignal): Promise<boolean> {
      const made = await client
        .send(
          new CreateKeyCommand({
            KeySpec: 'SYMMETRIC_DEFAULT',
            KeyUsage: 'ENCRYPT_DECRYPT',
            Origin: 'AWS_KMS',
            MultiRegion: false,
            Description: name,
          }),
          { abortSignal },
        )
        .catch((error: unknown) => {
          throw kmsFailure('create a key', error);
        });
      const arn = made.KeyMetadata?.Arn;
      if (arn === undefined) throw unavailable('AWS KMS created no key');
      const drop = async (): Promise<void> => {
        // Never had a name, so nothing was ever wrapped with it.
        await client.send(new ScheduleKeyDeletionCommand({ KeyId: arn, PendingWindowInDays: 7 }), { abortSignal });
      };
      try {
        requireOurs(arn);
        await client.send(new CreateAliasCommand({ AliasName: aliasPrefix + name, TargetKeyId: arn }), { abortSignal });
        return true;
      } catch (error) {
        const taken = error instanceof Error && error.name === 'AlreadyExistsException';
        if (taken || error instanceof KeyVaultError) await drop().catch(() => undefined);
        if (taken) return false;
        throw error instanceof KeyVaultError ? error : kmsFailure(`name the key "${name}"`, error);
      }
    },
    /** Proves credentials, and the account when anything in it has a name. */
    async probe(abortSignal: AbortSignal): Promise<void> {
      const answer = await client
        .send(new ListAliasesCommand({ Limit: 1 }), { abortSignal })
        .catch((error: unknown) => {
          throw kmsFailure('list aliases', error);
        });
      for (const { AliasArn } of answer.Aliases ?? []) requireOurs(AliasArn);
    },
  };
}

function presenceOf(key: KeyMetadata): Presence {
  switch (key.KeyState) {
    case 'PendingDeletion':
      return { kind: 'pending', untilMs: key.DeletionDate?.getTime(), cancellable: true };
    case 'PendingReplicaDeletion':
      return { kind: 'pending', untilMs: undefined, cancellable: true };
    case 'Enabled': {
      const fault = faultOf(key);
      return fault === undefined ? { kind: 'usable' } : { kind: 'disabled', why: fault };
    }
    default:
      return { kind: 'disabled', why: `AWS KMS says the key is ${key.KeyState ?? 'in no known state'}` };
  }
}

/** A key that came from outside, lives outside or in several regions may survive its deletion. */
function faultOf(key: KeyMetadata): string | undefined {
  if (key.KeyManager !== 'CUSTOMER') return 'The key is not managed by the customer';
  if (key.Origin !== 'AWS_KMS') return `The key’s origin is ${key.Origin ?? 'unknown'}, must be AWS_KMS`;
  if (key.MultiRegion === true) return 'The key is in several regions';
  if (key.KeySpec !== 'SYMMETRIC_DEFAULT' || key.KeyUsage !== 'ENCRYPT_DECRYPT') return 'The key is not for encryption';
  return undefined;
}
