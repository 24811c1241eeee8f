import type { AlgorithmId, InventorySource, KeyAsset } from '@sallyport/crypto-inventory';
import type { WitnessReport } from '@sallyport/ledger';
import { parseVerifierKey } from '@sallyport/merkle-log';
import type { VerifierKeyKind } from '@sallyport/merkle-log';

const algorithms: Readonly<Record<VerifierKeyKind, AlgorithmId>> = {
  ed25519: 'ed25519',
  'cosignature/v1': 'ed25519',
  'subtree/v1': 'ml-dsa-44',
};

/** Witnesses of the ledger, by the keys they are believed with. The log's own keys stand in the vault. */
export function createLedgerSource(witnesses: {
  report(): Promise<Pick<WitnessReport, 'witnesses'>>;
}): InventorySource {
  return {
    name: 'ledger',
    async gather() {
      const report = await witnesses.report();
      return report.witnesses.map(({ witness }): KeyAsset => {
        const { kind, name, keyId } = parseVerifierKey(witness.verifierKey);
        return {
          kind: 'key',
          id: `key/witness/${witness.id}`,
          name: `Key of witness ${name}+${keyId.toString(16).padStart(8, '0')}`,
          owner: 'ledger',
          usedFor: 'cosigns checkpoints of the log',
          where: `the witness at ${new URL(witness.url).host}; here its public half`,
          known: { kind: 'asked', by: 'the witnesses kept in the control database' },
          role: 'signing',
          material: 'public-key',
          state: 'active',
          createdAtMs: witness.addedAtMs,
          algorithm: algorithms[kind],
        };
      });
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
