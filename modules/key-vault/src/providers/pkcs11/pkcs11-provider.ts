import { createHmac } from 'node:crypto';
import { contextBytes } from '../../key-provider.ts';
import type { KeyProvider, MasterKeyName, Presence, ProviderFacts, Receipt, WrapContext } from '../../key-provider.ts';
import {
  ambiguous,
  isNameOf,
  notUsable,
  presenceOrUnknown,
  refused,
  requireName,
  requirePermit,
  unavailable,
  unsealFailed,
  vaultOf,
} from '../provider-failure.ts';
import { CryptokiError } from './cryptoki.ts';
import type { TokenInfo } from './cryptoki.ts';
import { createTokenConnector } from './token-connection.ts';
import type { TokenConnection, TokenNeeds } from './token-connection.ts';
import { faultOf, findByName, generateMaster, idBytes, listLabels, selfTest } from './token-keys.ts';

export type Pkcs11Needs = TokenNeeds & {
  /** Whether other copies of the token's keys are made: backups, clones, members of a cluster. Only its owner knows. */
  readonly copies: 'none' | 'possible';
};

const formatVersion = 1;

/**
 * Master keys as AES keys that never leave a PKCS #11 token, wrapping with CKM_AES_GCM and a tag of 128 bits. For a process
 * of its own: the calls block, and what goes wrong in the token's library goes wrong in the process.
 */
export function createPkcs11Provider(needs: Pkcs11Needs): KeyProvider {
  const connector = createTokenConnector(needs);

  const present = (connection: TokenConnection, name: MasterKeyName): Presence => {
    const { session, token } = connection;
    const [key, ...others] = findByName(connection, session, name);
    if (others.length > 0) throw ambiguous(name, others.length + 1);
    if (key !== undefined) {
      const fault = faultOf(connection, session, key);
      return fault === undefined ? { kind: 'usable' } : { kind: 'disabled', why: `On the token, ${fault}` };
    }
    const witness = listLabels(connection).find(({ label }) => isNameOf(vaultOf(name), label));
    if (witness === undefined) {
      return {
        kind: 'unknown',
        why: `Token ${token.serial} holds no key of this vault that would show it is the right one`,
      };
    }
    return { kind: 'absent', shownBy: `Token ${token.serial} holds "${witness.label}" and no key of this name` };
  };

  /** The key in a session that is logged in. Throws when it is not usable. */
  const usable = (connection: TokenConnection, name: MasterKeyName): { key: bigint; id: Buffer } => {
    const presence = present(connection, name);
    const [key] = findByName(connection, connection.session, name);
    if (presence.kind !== 'usable' || key === undefined) throw notUsable(name, presence);
    return { key, id: idOf(connection, key) };
  };

  /** The key that wrapped: the only one of its name or, when somebody made another of that name later, the one of this id. */
  const usableToUnwrap = (connection: TokenConnection, name: MasterKeyName, id: Buffer): bigint => {
    const { session } = connection;
    const same = findByName(connection, session, name).filter((key) => idOf(connection, key).equals(id));
    const [key, ...others] = same;
    if (key === undefined || others.length > 0) return usable(connection, name).key;
    const fault = faultOf(connection, session, key);
    if (fault !== undefined) throw notUsable(name, { kind: 'disabled', why: `On the token, ${fault}` });
    return key;
  };

  return {
    facts: async () => connector.use(({ token }) => factsOf(token, needs.copies)),

    create: async (name) =>
      connector.use((connection) => {
        requireName(name);
        const before = findByName(connection, connection.session, name);
        if (before.length > 1) throw ambiguous(name, before.length);
        if (before.length === 0) generateMaster(connection, name);
        return connection.inNewSession((session) => {
          const [key, ...others] = findByName(connection, session, name);
          if (key === undefined) throw unavailable(`Cannot find master key "${name}" after making it`);
          if (others.length > 0) throw ambiguous(name, others.length + 1);
          const fault = faultOf(connection, session, key);
          if (fault !== undefined) throw refused(`Cannot use master key "${name}": ${fault}`);
          selfTest(connection, session, key);
          return { name, reference: `${connection.token.serial}/${idOf(connection, key).toString('hex')}` };
        });
      }),

    list: async (vault) =>
      connector.use((connection) => {
        const labels = listLabels(connection).map(({ label }) => label);
        const names = [...new Set(labels.filter((label) => isNameOf(vault, label)))].toSorted();
        return names.map((name) => ({ name, reference: connection.token.serial, presence: present(connection, name) }));
      }),

    find: async (name) => presenceOrUnknown(async () => connector.use((connection) => present(connection, name))),

    wrap: async ({ name }, plain, context) =>
      connector.use((connection) => {
        const { key, id } = usable(connection, name);
        const { cryptoki, session } = connection;
        const bytes = Buffer.from(plain);
        // Depends on what is wrapped: a random source that repeats does not repeat a nonce over other bytes.
        const nonce = createHmac('sha256', bytes)
          .update(cryptoki.random(session, 32))
          .update(additionalData(name, context))
          .digest()
          .subarray(0, 12);
        const given = { nonce: Buffer.from(nonce), additional: additionalData(name, context) };
        const result = cryptoki.encryptGcm(session, key, given, bytes);
        bytes.fill(0);
        return Buffer.concat([Buffer.from([formatVersion, result.nonce.length]), id, result.nonce, result.sealed]);
      }),

    unwrap: async ({ name }, wrapped, context) =>
      connector.use((connection) => {
        const parts = parseWrapped(name, wrapped);
        const key = usableToUnwrap(connection, name, parts.id);
        const given = { nonce: parts.nonce, additional: additionalData(name, context) };
        try {
          return connection.cryptoki.decryptGcm(connection.session, key, given, parts.sealed);
        } catch (error) {
          if (!(error instanceof CryptokiError)) throw error;
          // Tokens answer a tag that does not fit in different ways, some with "general error": it is damage when the same key works otherwise.
          connection.inNewSession((session) => selfTest(connection, session, key));
          throw unsealFailed(name, error);
        }
      }),

    destroy: async (name, permit) =>
      connector.use((connection) => {
        requirePermit(name, permit);
        const { token, cryptoki, session } = connection;
        const keys = findByName(connection, session, name);
        for (const key of keys) cryptoki.destroyObject(session, key);
        const left = connection.inNewSession((other) => findByName(connection, other, name));
        const done = keys.map(() => `C_DestroyObject answered CKR_OK on token ${token.serial}`);
        const gone: Presence = {
          kind: 'absent',
          shownBy: `Token ${token.serial} had the key, destroyed it, and a new session finds none`,
        };
        const presence = keys.length > 0 && left.length === 0 ? gone : present(connection, name);
        const looked = `C_FindObjects found ${left.length} on token ${token.serial}`;
        const { notPromised } = factsOf(token, needs.copies);
        return { name, presence, done: [...done, looked], notPromised, providerTimeMs: undefined } satisfies Receipt;
      }),

    close: async () => connector.close(),
  };
}

function idOf({ cryptoki, session }: TokenConnection, key: bigint): Buffer {
  const id = cryptoki.readAttribute(session, key, 'CKA_ID');
  return id?.length === idBytes ? Buffer.from(id) : Buffer.alloc(idBytes);
}

/** version | length of the nonce | CKA_ID of the key | nonce | 32 bytes sealed | tag */
function parseWrapped(name: MasterKeyName, wrapped: Uint8Array): { id: Buffer; nonce: Buffer; sealed: Buffer } {
  const bytes = Buffer.from(wrapped);
  const [version, nonceBytes = 0] = bytes;
  const nonceAt = 2 + idBytes;
  if (version !== formatVersion || nonceBytes < 12 || bytes.length !== nonceAt + nonceBytes + 48)
    throw unsealFailed(name);
  return {
    id: bytes.subarray(2, nonceAt),
    nonce: bytes.subarray(nonceAt, nonceAt + nonceBytes),
    sealed: bytes.subarray(nonceAt + nonceBytes),
  };
}

function additionalData(name: MasterKeyName, context: WrapContext): Buffer {
  return Buffer.concat([Buffer.from(`${name}\n`), contextBytes(context)]);
}

function factsOf(token: TokenInfo, copies: 'none' | 'possible'): ProviderFacts {
  const inFiles = /softhsm/i.test(`${token.manufacturer} ${token.model}`);
  const notPromised = [
    ...(inFiles ? ['SoftHSM keeps keys in files: whoever has a copy of them and the PIN has the keys'] : []),
    ...(copies === 'none'
      ? []
      : ['Backups and clones of the token, and other members of its cluster, may still hold the key']),
  ];
  return {
    kind: 'pkcs11',
    identity: `pkcs11 ${token.manufacturer}/${token.model}/${token.serial}`,
    algorithm: 'AES-256-GCM in the token',
    exportable: inFiles,
    usableByAClone: true,
    destruction: notPromised.length === 0 ? 'provable' : 'not-provable',
    notPromised,
    maxMasters: 1000,
  };
}
