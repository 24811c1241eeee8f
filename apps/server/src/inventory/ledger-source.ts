import { X509Certificate } from 'node:crypto';
import { certificateAsset } from '@sallyport/crypto-inventory';
import type { AlgorithmId, CertificateAsset, InventorySource, KeyAsset } from '@sallyport/crypto-inventory';
import { createTimeStampStore } from '@sallyport/ledger';
import type { WitnessReport } from '@sallyport/ledger';
import type { Database } from '@sallyport/platform/database';

type WitnessState = WitnessReport['witnesses'][number];

/** The first byte of the key in a vkey says its kind (c2sp.org/signed-note, c2sp.org/tlog-cosignature). */
const algorithms: Readonly<Record<number, AlgorithmId>> = { 1: 'ed25519', 4: 'ed25519', 6: 'ml-dsa-44' };

/**
 * Witnesses of the ledger, by the keys they are believed with, and the roots of authorities that stamp it. The log's own keys
 * stand in the vault.
 */
export function createLedgerSource(needs: {
  readonly witnesses: { report(): Promise<{ readonly witnesses: readonly Pick<WitnessState, 'witness'>[] }> };
  readonly database: Database;
}): InventorySource {
  const stamps = createTimeStampStore(needs.database);
  return {
    name: 'ledger',
    async gather() {
      const [{ witnesses }, authorities] = await Promise.all([needs.witnesses.report(), stamps.authorities()]);
      return [...witnesses.map(({ witness }) => witnessAsset(witness)), ...authorities.flatMap(rootAssets)];
    },
    uses: [
      { algorithm: 'sha-256', owner: 'ledger', usedFor: 'the Merkle tree, leaves, hashes of sealed blocks (RFC 6962)' },
      { algorithm: 'ed25519', owner: 'ledger', usedFor: 'checkpoints and cosignatures' },
      { algorithm: 'ml-dsa-44', owner: 'ledger', usedFor: 'cosignatures of witnesses that have such a key' },
      { algorithm: 'hkdf-sha-256', owner: 'ledger', usedFor: 'one key for each block' },
      { algorithm: 'aes-256-gcm', owner: 'ledger', usedFor: 'sealed blocks and waiting audit events' },
    ],
  };
}

function witnessAsset(witness: WitnessState['witness']): KeyAsset {
  // `<name>+<hash>+<base64>`; the base64 may have a plus of its own.
  const [name = '', keyHash = '', ...rest] = witness.verifierKey.split('+');
  const algorithm = algorithms[Buffer.from(rest.join('+'), 'base64')[0] ?? 0];
  return {
    kind: 'key',
    id: `key/witness/${witness.id}`,
    name: `Key of witness ${name}+${keyHash}`,
    owner: 'ledger',
    usedFor: 'cosigns checkpoints of the log',
    where: `the witness at ${new URL(witness.url).host}; here its public half`,
    known: { kind: 'asked', by: 'the witnesses kept in the control database' },
    role: 'signing',
    material: 'public-key',
    state: 'active',
    createdAtMs: witness.addedAtMs,
    ...(algorithm === undefined ? { algorithmName: 'unknown' } : { algorithm }),
  };
}

function rootAssets({
  id,
  url,
  rootsPem,
}: {
  readonly id: string;
  readonly url: string;
  readonly rootsPem: string;
}): CertificateAsset[] {
  const pems = rootsPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return pems.map((pem, at) =>
    certificateAsset(new X509Certificate(pem), {
      id: `certificate/time-authority/${id}/${at + 1}`,
      name: `Root ${at + 1} of the time-stamp authority at ${new URL(url).host}`,
      owner: 'ledger',
      usedFor: 'time-stamps on checkpoints (RFC 3161)',
      where: 'control database',
      known: { kind: 'asked', by: 'the certificate itself' },
      isUsed: true,
    }),
  );
}
