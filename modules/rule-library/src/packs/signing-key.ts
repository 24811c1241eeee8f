import { createPrivateKey } from 'node:crypto';
import { createEd25519Signer } from '@sallyport/merkle-log';
import type { NoteSigner } from '@sallyport/merkle-log';
import { RulePackError } from './errors.ts';

/** RFC 8410, section 7: PKCS #8 of an Ed25519 seed, up to the seed. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');
const seedBytes = 32;
const ed25519 = 0x01;

/** A signing key as the Go tools of signed notes write it: `PRIVATE+KEY+<name>+<hash>+<base64(0x01 ‖ seed)>`. `seed` are 32 secret bytes. */
export function createSigningKey(
  name: string,
  seed: Uint8Array,
): { readonly text: string; readonly signer: NoteSigner } {
  const signer = signerOf(name, seed);
  const hash = signer.verifierKey.keyId.toString(16).padStart(8, '0');
  const material = Buffer.concat([Uint8Array.of(ed25519), seed]).toString('base64');
  return { text: `PRIVATE+KEY+${name}+${hash}+${material}\n`, signer };
}

/** Throws `RulePackError` `pack_key_invalid`, which quotes nothing of the text. */
export function readSigningKey(text: string): NoteSigner {
  const groups = /^PRIVATE\+KEY\+(?<name>[^+\s]+)\+(?<hash>[0-9a-f]{8})\+(?<encoded>[A-Za-z0-9+/]+=*)\s*$/.exec(
    text,
  )?.groups;
  const material = Buffer.from(groups?.['encoded'] ?? '', 'base64');
  if (groups === undefined || material.length !== seedBytes + 1 || material[0] !== ed25519) throw unusable();
  const signer = signerOf(groups['name'] ?? '', material.subarray(1));
  if (signer.verifierKey.keyId !== Number.parseInt(groups['hash'] ?? '', 16)) throw unusable();
  return signer;
}

function signerOf(name: string, seed: Uint8Array): NoteSigner {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
  return createEd25519Signer({ name, privateKey });
}

function unusable(): RulePackError {
  return new RulePackError(
    'pack_key_invalid',
    'Cannot sign with the key: must be "PRIVATE+KEY+<name>+<hash>+<base64>" of Ed25519',
    { hint: 'make one with "sallyport rules pack key NAME -o FILE"' },
  );
}
