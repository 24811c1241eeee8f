import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { AlgorithmId, AssetState, InventorySource, KeyAsset, KeyRole } from '@sallyport/crypto-inventory';
import type { VaultClient } from '@sallyport/key-vault/server';
import { secretFacts } from './secret-facts.ts';

const states: readonly AssetState[] = ['created', 'active', 'suspended', 'retired', 'compromised', 'destroyed'];
const byPurpose: Readonly<Record<string, { readonly role: KeyRole; readonly algorithm: AlgorithmId }>> = {
  'block-data': { role: 'encryption', algorithm: 'aes-256-gcm' },
  'log-signing': { role: 'signing', algorithm: 'ed25519' },
  'stream-name': { role: 'mac', algorithm: 'hmac-sha-256' },
  'subject-page': { role: 'wrapping', algorithm: 'aes-256-gcm' },
};
const known = { kind: 'asked', by: 'the key vault' } as const;

/** Every key of the vault, of every level and state, and the master keys of its providers. The vault answers with no key. */
export function createVaultSource(vault: Pick<VaultClient, 'list'>): InventorySource {
  return {
    name: 'key-vault',
    async gather() {
      const listed = await vault.list();
      const providers = listOf(listed['providers']).flatMap(providerAsset);
      return [...listOf(listed['keys']).flatMap(keyAsset), ...providers];
    },
    uses: [
      { algorithm: 'hkdf-sha-256', owner: 'key-vault', usedFor: 'derives keys from keys, one for each use' },
      { algorithm: 'hmac-sha-256', owner: 'key-vault', usedFor: 'synthetic nonces, key-check values, ids' },
      { algorithm: 'sha-256', owner: 'key-vault', usedFor: 'compares the copies of the vault' },
      { algorithm: 'argon2id', owner: 'key-vault', usedFor: 'the master key from a passphrase' },
    ],
  };
}

function keyAsset(key: JsonObject): KeyAsset[] {
  const id = textOf(key['id']);
  const level = textOf(key['level']);
  const purpose = textOf(key['purpose']);
  const label = textOf(key['label']);
  const state = states.find((one) => one === key['state']);
  if (id === '' || state === undefined) return [];
  const common = {
    kind: 'key',
    id: `key/vault/${id}`,
    where: 'key vault',
    known,
    state,
    ...(typeof key['createdAtMs'] === 'number' && key['createdAtMs'] > 0 ? { createdAtMs: key['createdAtMs'] } : {}),
    ...(typeof key['version'] === 'number' ? { version: key['version'] } : {}),
    securedBy: securedBy(level, textOf(key['wrappedBy'])),
  } as const;
  if (level !== 'data') {
    const name =
      level === 'epoch' ? `Epoch key ${textOf(key['id']).replace('epoch-', '')}` : `Purpose key of ${purpose}`;
    return [
      {
        ...common,
        name,
        owner: 'key-vault',
        usedFor: textOf(key['usedFor']),
        role: 'wrapping',
        material: 'secret-key',
        algorithm: 'aes-256-gcm',
        sizeBits: 256,
      },
    ];
  }
  if (purpose === 'secret') {
    const facts = secretFacts[label];
    return [
      facts === undefined
        ? {
            ...common,
            name: `Secret ${label}`,
            owner: 'key-vault',
            usedFor: textOf(key['usedFor']),
            role: 'encryption',
            material: 'secret-key',
            algorithmName: 'unknown',
          }
        : { ...common, name: `Secret ${label}`, ...facts },
    ];
  }
  const facts = byPurpose[purpose];
  const material = purpose === 'log-signing' ? 'private-key' : 'secret-key';
  return [
    {
      ...common,
      name: `${purpose} ${label}`.trim(),
      owner: 'ledger',
      usedFor: textOf(key['usedFor']),
      role: facts?.role ?? 'encryption',
      material,
      ...(facts === undefined
        ? { algorithmName: textOf(key['algorithm']) }
        : { algorithm: facts.algorithm, sizeBits: 256 }),
    },
  ];
}

/** A master key as its provider speaks of it; one that does not answer is there all the same. */
function providerAsset(provider: JsonObject): KeyAsset[] {
  const kind = textOf(provider['kind']);
  if (kind === '') return [];
  const unreachable = textOf(provider['unreachable']);
  return [
    {
      kind: 'key',
      id: `key/provider/${kind}`,
      name: `Master keys of ${kind}`,
      owner: 'key-vault',
      usedFor: provider['isUsed'] === true ? 'wraps the active epoch' : 'may wrap an epoch',
      where:
        unreachable === '' ? textOf(provider['identity']).slice(0, 200) : `not reached: ${unreachable.slice(0, 200)}`,
      known: { kind: 'asked', by: unreachable === '' ? 'the provider' : 'the key vault; the provider did not answer' },
      role: 'master',
      material: 'secret-key',
      state: provider['isUsed'] === true ? 'active' : 'created',
      ...algorithmOfProvider(textOf(provider['algorithm'])),
      securedBy: provider['exportable'] === false ? `${kind}, not exportable` : kind,
    },
  ];
}

function algorithmOfProvider(name: string): Pick<KeyAsset, 'algorithm' | 'algorithmName'> {
  if (/AES-256-GCM/i.test(name)) return { algorithm: 'aes-256-gcm' };
  return name === '' ? {} : { algorithmName: name };
}

function securedBy(level: string, wrappedBy: string): string {
  return level === 'epoch' ? `master keys of ${wrappedBy}` : 'a key of the vault that wraps it';
}

function listOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter((item) => isJsonObject(item)) : [];
}
