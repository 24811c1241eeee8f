import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import { contextBytes } from '../../key-provider.ts';
import type { KeyProvider, MasterKeyName, Presence, ProviderFacts, WrapContext } from '../../key-provider.ts';
import {
  notUsable,
  presenceOrUnknown,
  refused,
  requireName,
  requirePermit,
  unavailable,
  unsealFailed,
} from '../provider-failure.ts';
import type { KeyProvidersConfig } from '../providers-config.ts';
import { readSecretFile } from '../secret-file.ts';
import { createTransitClient } from './transit-client.ts';
import { createTransitKeys, requireDone } from './transit-keys.ts';
import type { TransitKey } from './transit-keys.ts';

export type TransitConfig = NonNullable<KeyProvidersConfig['transit']>;

const notPromised = [
  'Snapshots and backups of the server’s storage still hold the key, and a restore brings it back',
  'The server’s operators decide what its keys are used for, and for how long they are kept',
];

/** Master keys in the transit engine of an OpenBao or Vault server: the server encrypts and decrypts, keys never leave it. */
export function createTransitProvider(needs: { readonly config: TransitConfig }): KeyProvider {
  const { config } = needs;
  const mount = config.mount ?? 'transit';
  const ask = createTransitClient({
    address: config.address,
    namespace: config.namespace,
    caFile: config.ca_file,
    readToken: () => readSecretFile(config.token_file),
  });
  const keys = createTransitKeys({ ask, mount });

  const usable = async (name: MasterKeyName, signal: AbortSignal): Promise<TransitKey> => {
    requireName(name);
    const key = await keys.read(name, signal);
    const presence = await keys.presenceOf(name, key, signal);
    if (presence.kind !== 'usable' || key === undefined) throw notUsable(name, presence);
    return key;
  };

  return {
    async facts(signal): Promise<ProviderFacts> {
      const health = await ask('GET', 'sys/health?standbyok=true&perfstandbyok=true', { namespaced: false, signal });
      const cluster = textOf(health.body['cluster_id']);
      if (cluster === '') throw unavailable('The server does not say which cluster it is');
      return {
        kind: 'transit',
        identity: `transit ${cluster} ${config.namespace ?? ''}/${mount}`,
        algorithm: 'aes256-gcm96 in the server',
        exportable: false,
        usableByAClone: true,
        destruction: 'not-provable',
        notPromised,
        maxMasters: 1000,
      };
    },

    async create(name, signal) {
      requireName(name);
      await keys.requireNoUpsert(name, signal);
      const answer = await ask('POST', `${mount}/keys/${name}`, {
        body: { type: 'aes256-gcm96', exportable: false, allow_plaintext_backup: false, auto_rotate_period: '0' },
        signal,
      });
      requireDone(answer, `make key "${name}"`);
      const { created } = await usable(name, signal);
      return { name, reference: created };
    },

    async list(vault, signal) {
      const found = [];
      for (const name of await keys.list(vault, signal)) {
        const key = await keys.read(name, signal);
        const presence = await keys.presenceOf(name, key, signal);
        found.push({ name, reference: key?.created ?? '', presence });
      }
      return found;
    },

    async find(name, signal) {
      return presenceOrUnknown(async () => keys.presenceOf(name, await keys.read(name, signal), signal));
    },

    async wrap({ name }, plain, context, signal) {
      await keys.requireNoUpsert(name, signal);
      const { created } = await usable(name, signal);
      const answer = await ask('POST', `${mount}/encrypt/${name}`, {
        body: {
          plaintext: Buffer.from(plain).toString('base64'),
          associated_data: additionalData(name, context),
          key_version: 1,
        },
        signal,
      });
      if (answer.errors.some((text) => text.includes('encryption key not found'))) {
        throw notUsable(name, await keys.presenceOf(name, undefined, signal));
      }
      requireDone(answer, `encrypt with "${name}"`);
      const ciphertext = textOf(answer.data['ciphertext']);
      if (!ciphertext.startsWith('vault:v1:'))
        throw refused(`Cannot use "${name}": it encrypts with another version than its first`);
      return Buffer.from(JSON.stringify({ name, created, ciphertext }));
    },

    async unwrap({ name }, wrapped, context, signal) {
      const key = await usable(name, signal);
      const { name: wrappedName, created, ciphertext } = parseWrapped(name, wrapped);
      const answer = await ask('POST', `${mount}/decrypt/${name}`, {
        body: { ciphertext, associated_data: additionalData(name, context) },
        signal,
      });
      if (answer.status === 400 && answer.errors.some((text) => damage.test(text))) {
        if (wrappedName !== name || created === key.created) throw unsealFailed(name);
        const shownBy = `the key of this name was made at ${key.created}, not ${created}: it is another`;
        throw notUsable(name, { kind: 'absent', shownBy });
      }
      requireDone(answer, `decrypt with "${name}"`);
      return Buffer.from(textOf(answer.data['plaintext']), 'base64');
    },

    async destroy(name, permit, signal) {
      requirePermit(name, permit);
      const key = await keys.read(name, signal);
      if (key === undefined) {
        const presence = await keys.presenceOf(name, undefined, signal);
        return { name, presence, done: ['No key of this name was found'], notPromised, providerTimeMs: undefined };
      }
      const allowed = await ask('POST', `${mount}/keys/${name}/config`, { body: { deletion_allowed: true }, signal });
      requireDone(allowed, `allow the deletion of "${name}"`);
      const deleted = await ask('DELETE', `${mount}/keys/${name}`, { signal });
      requireDone(deleted, `delete "${name}"`);
      const left = await keys.read(name, signal);
      const done = [
        `deletion_allowed was set (request ${allowed.requestId})`,
        `DELETE ${mount}/keys/${name} answered ${deleted.status}`,
      ];
      const gone: Presence = { kind: 'absent', shownBy: 'The server had the key, deleted it and finds it no longer' };
      const presence = left === undefined ? gone : await keys.presenceOf(name, left, signal);
      const spread = key.fault === undefined ? [] : [`Before its end, ${key.fault}: it may have been read out`];
      return { name, presence, done, notPromised: [...spread, ...notPromised], providerTimeMs: deleted.serverTimeMs };
    },

    close: async () => undefined,
  };
}

const damage = /message authentication failed|invalid ciphertext|could not decode|unable to decrypt/;

function additionalData(name: MasterKeyName, context: WrapContext): string {
  return Buffer.concat([Buffer.from(`${name}\n`), contextBytes(context)]).toString('base64');
}

function parseWrapped(name: MasterKeyName, wrapped: Uint8Array): { name: string; created: string; ciphertext: string } {
  try {
    const value = parseJson(Buffer.from(wrapped).toString('utf8'));
    if (!isJsonObject(value)) throw new TypeError('not an object');
    const [created, ciphertext] = [textOf(value['created']), textOf(value['ciphertext'])];
    if (created === '' || !/^vault:v1:[A-Za-z0-9+/]+=*$/.test(ciphertext)) throw new TypeError('not a ciphertext');
    return { name: textOf(value['name']), created, ciphertext };
  } catch (error) {
    throw unsealFailed(name, error);
  }
}
