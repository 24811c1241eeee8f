import { DecryptCommand, EncryptCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import { KeyVaultError } from '../../errors.ts';
import type { KeyProvider, MasterKeyName, Presence, WrapContext } from '../../key-provider.ts';
import {
  notUsable,
  presenceOrUnknown,
  requireName,
  requirePermit,
  unavailable,
  unsealFailed,
} from '../provider-failure.ts';
import { createKmsClient, isDamage, isStateRefusal, kmsFailure } from './kms-client.ts';
import type { AwsKmsConfig } from './kms-client.ts';
import { createKmsKeys } from './kms-keys.ts';
import type { KmsKey } from './kms-keys.ts';

const notPromised = [
  'AWS destroys the key only when the waiting time is over; until then whoever administers the account can cancel it',
  'That the key is destroyed then is AWS’s word',
];
/** KMS is eventually consistent: a new alias may take seconds to be seen. */
const visibilityTries = 30;

/** Master keys in AWS KMS, each under an alias of its name. KMS encrypts and decrypts; keys never leave it. */
export function createAwsKmsProvider(needs: {
  readonly config: AwsKmsConfig;
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}): KeyProvider {
  const { config } = needs;
  const { account, region } = config;
  const client = createKmsClient(config);
  const keys = createKmsKeys({ client, account, region });

  const presenceOf = async (name: MasterKeyName, key: KmsKey | undefined, signal: AbortSignal): Promise<Presence> =>
    key === undefined ? keys.absence(name, undefined, signal) : key.presence;

  const usable = async (name: MasterKeyName, signal: AbortSignal): Promise<KmsKey> => {
    requireName(name);
    const key = await keys.find(name, signal);
    const presence = await presenceOf(name, key, signal);
    if (presence.kind !== 'usable' || key === undefined) throw notUsable(name, presence);
    return key;
  };

  /** A key may have been scheduled for deletion after we looked. */
  const failureOf = async (
    name: MasterKeyName,
    what: string,
    error: unknown,
    signal: AbortSignal,
  ): Promise<KeyVaultError> => {
    if (!isStateRefusal(error)) return kmsFailure(what, error);
    return notUsable(name, await presenceOf(name, await keys.find(name, signal), signal));
  };

  return {
    async facts(signal) {
      await keys.probe(signal);
      return {
        kind: 'aws-kms',
        identity: `aws-kms ${region} ${account}`,
        algorithm: 'SYMMETRIC_DEFAULT (AES-256-GCM) in KMS',
        exportable: false,
        usableByAClone: true,
        destruction: 'delayed',
        notPromised,
        maxMasters: 1000,
      };
    },

    async create(name, signal) {
      requireName(name);
      let key = await keys.find(name, signal);
      if (key === undefined) await keys.create(name, signal);
      for (let tries = 0; key === undefined; tries += 1) {
        key = await keys.find(name, signal);
        if (key === undefined && tries >= visibilityTries) throw unavailable(`AWS KMS does not yet know "${name}"`);
        if (key === undefined) await needs.pause(500, signal);
      }
      if (key.presence.kind !== 'usable') throw notUsable(name, key.presence);
      return { name, reference: key.arn };
    },

    async list(vault, signal) {
      const found = [];
      for (const name of await keys.list(vault, signal)) {
        const key = await keys.find(name, signal);
        if (key !== undefined) found.push({ name, reference: key.arn, presence: key.presence });
      }
      return found;
    },

    find: async (name, signal) =>
      presenceOrUnknown(async () => presenceOf(name, await keys.find(name, signal), signal)),

    async wrap({ name }, plain, context, signal) {
      const { arn } = await usable(name, signal);
      const command = new EncryptCommand({ KeyId: arn, Plaintext: plain, EncryptionContext: contextOf(name, context) });
      const answer = await client.send(command, { abortSignal: signal }).catch(async (error: unknown) => {
        throw await failureOf(name, `encrypt with "${name}"`, error, signal);
      });
      if (answer.KeyId !== arn || answer.CiphertextBlob === undefined)
        throw unavailable('AWS KMS encrypted with another key');
      return Buffer.from(
        JSON.stringify({ name, arn, ciphertext: Buffer.from(answer.CiphertextBlob).toString('base64') }),
      );
    },

    async unwrap({ name }, wrapped, context, signal) {
      const { arn } = await usable(name, signal);
      const { ciphertext, ...wrappedWith } = parseWrapped(name, wrapped);
      const command = new DecryptCommand({
        KeyId: arn,
        CiphertextBlob: ciphertext,
        EncryptionContext: contextOf(name, context),
      });
      const answer = await client.send(command, { abortSignal: signal }).catch(async (error: unknown) => {
        if (!isDamage(error)) throw await failureOf(name, `decrypt with "${name}"`, error, signal);
        if (wrappedWith.name !== name || wrappedWith.arn === arn) throw unsealFailed(name, error);
        throw new KeyVaultError(
          'provider_changed',
          `Cannot unwrap with "${name}": its alias points to another key than when it wrapped`,
        );
      });
      if (answer.Plaintext === undefined) throw unavailable('AWS KMS decrypted nothing');
      return Buffer.from(answer.Plaintext);
    },

    async destroy(name, permit, signal) {
      requirePermit(name, permit);
      const { reference } = permit;
      const named = await keys.find(name, signal);
      const key = named ?? (reference === undefined ? undefined : await keys.findByReference(reference, signal));
      const before = key === undefined ? await keys.absence(name, reference, signal) : key.presence;
      if (key === undefined || before.kind === 'pending') {
        const done = [`DescribeKey says ${before.kind}`];
        return { name, presence: before, done, notPromised, providerTimeMs: undefined };
      }
      const window = config.pending_window_days ?? 7;
      const command = new ScheduleKeyDeletionCommand({ KeyId: key.arn, PendingWindowInDays: window });
      const answer = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
        throw kmsFailure(`schedule the deletion of "${name}"`, error);
      });
      return {
        name,
        presence: { kind: 'pending', untilMs: answer.DeletionDate?.getTime(), cancellable: true },
        done: [
          `ScheduleKeyDeletion of ${key.arn} in ${window} days (request ${answer.$metadata.requestId ?? 'unknown'})`,
        ],
        notPromised,
        providerTimeMs: undefined,
      };
    },

    close: async () => client.destroy(),
  };
}

/** Shown in clear in the account's audit trail: ids only. */
function contextOf(name: MasterKeyName, { format, vault, epoch }: WrapContext): Record<string, string> {
  return { format, vault, epoch: String(epoch), name };
}

function parseWrapped(name: MasterKeyName, wrapped: Uint8Array): { name: string; arn: string; ciphertext: Buffer } {
  try {
    const value = parseJson(Buffer.from(wrapped).toString('utf8'));
    const ciphertext = isJsonObject(value) ? Buffer.from(textOf(value['ciphertext']), 'base64') : Buffer.alloc(0);
    if (!isJsonObject(value) || ciphertext.length === 0) throw new TypeError('Not what was wrapped');
    return { name: textOf(value['name']), arn: textOf(value['arn']), ciphertext };
  } catch (error) {
    throw unsealFailed(name, error);
  }
}
