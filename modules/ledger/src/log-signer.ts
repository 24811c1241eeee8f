import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { createEd25519Signer, formatCheckpoint, formatVerifierKey, signNote } from '@sallyport/merkle-log';
import type { LedgerKeys } from './needs.ts';

/** Signs the checkpoints of one log with a key of its own (C2SP signed-note, Ed25519). */
export type LogSigner = {
  readonly origin: string;
  /** The key that verifies them, as a signed-note vkey. */
  readonly verifierKey: string;
  sign(treeSize: number, root: Uint8Array): string;
};

export function openLogSigner(vault: Pick<LedgerKeys, 'ensureKey'>, origin: string, number: number): LogSigner {
  const stored = vault.ensureKey('log-signing', `log/${number}`, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }),
  );
  const privateKey = createPrivateKey({ key: stored.bytes, type: 'pkcs8', format: 'der' });
  const signer = createEd25519Signer({ name: origin, privateKey });
  return {
    origin,
    verifierKey: formatVerifierKey(signer.verifierKey),
    sign: (treeSize, root) => signNote({ text: formatCheckpoint({ origin, treeSize, root }), signers: [signer] }),
  };
}
