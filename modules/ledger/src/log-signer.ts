import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { createEd25519Signer, formatCheckpoint, formatVerifierKey, signNote } from '@sallyport/merkle-log';
import { LedgerError } from './errors.ts';
import type { LedgerKeys } from './needs.ts';

/** Signs the checkpoints of one log with a key of its own (C2SP signed-note, Ed25519). */
export type LogSigner = {
  readonly origin: string;
  /** The key that verifies them, as a signed-note vkey. */
  readonly verifierKey: string;
  sign(treeSize: number, root: Uint8Array): string;
};

/** Makes the key for a log that `isNew`; a log with entries whose key is gone is `ledger_corrupt`. */
export function openLogSigner(
  vault: Pick<LedgerKeys, 'ensureKey'>,
  log: {
    readonly origin: string;
    /** What the vault calls its key by. */
    readonly keyLabel: string;
    readonly isNew: boolean;
  },
): LogSigner {
  const { origin } = log;
  const stored = vault.ensureKey('log-signing', log.keyLabel, () => {
    if (log.isNew) return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' });
    throw new LedgerError('ledger_corrupt', `Cannot open log "${origin}": the vault does not hold its signing key`, {
      hint: 'put back the vault that belongs to this ledger',
    });
  });
  const privateKey = createPrivateKey({ key: stored.bytes, type: 'pkcs8', format: 'der' });
  const signer = createEd25519Signer({ name: origin, privateKey });
  return {
    origin,
    verifierKey: formatVerifierKey(signer.verifierKey),
    sign: (treeSize, root) => signNote({ text: formatCheckpoint({ origin, treeSize, root }), signers: [signer] }),
  };
}
