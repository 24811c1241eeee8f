// c2sp.org/signed-note: key names, key IDs and the vkey encoding `<name>+<hash>+<base64(type ‖ public key)>`.
import { createPublicKey, hash, verify } from 'node:crypto';
import { MerkleLogError } from './errors.ts';
import { decodeBase64, encodeBase64, findControlCharacter } from './text-format.ts';

const MAX_KEY_NAME_BYTES = 1024;
const MAX_VKEY_CHARACTERS = 4096;
const SIGNATURE_TYPES = { ed25519: 0x01, 'cosignature/v1': 0x04, 'subtree/v1': 0x06 } as const;
const PUBLIC_KEY_BYTES = { ed25519: 32, 'cosignature/v1': 32, 'subtree/v1': 1312 } as const;

/**
 * How the key signs: the note itself (Ed25519), or a timestamped statement of a cosigner over it (c2sp.org/tlog-cosignature):
 * `cosignature/v1` with Ed25519, `subtree/v1` with ML-DSA-44.
 */
export type VerifierKeyKind = keyof typeof SIGNATURE_TYPES;

export type VerifierKey = {
  readonly kind: VerifierKeyKind;
  readonly name: string;
  /** The uint32 that signature lines carry; a short hash, no proof of anything. */
  readonly keyId: number;
  /** Raw: 32 bytes of Ed25519, 1312 of ML-DSA-44. */
  readonly publicKey: Uint8Array;
};

/** SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4], big-endian. */
export function computeKeyId(key: { kind: VerifierKeyKind; name: string; publicKey: Uint8Array }): number {
  const input = Buffer.concat([Buffer.from(`${key.name}\n`), Uint8Array.of(SIGNATURE_TYPES[key.kind]), key.publicKey]);
  return hash('sha256', input, 'buffer').readUInt32BE(0);
}

/** @throws MerkleLogError `invalid_verifier_key` */
export function createVerifierKey(key: { kind: VerifierKeyKind; name: string; publicKey: Uint8Array }): VerifierKey {
  const { kind, name, publicKey } = key;
  if (!isKeyName(name)) throw invalidVerifierKey('its name must be without spaces, control characters and "+"');
  if (publicKey.length !== PUBLIC_KEY_BYTES[kind]) {
    throw invalidVerifierKey(`its public key has ${publicKey.length} bytes, must be ${PUBLIC_KEY_BYTES[kind]}`);
  }
  return { kind, name, keyId: computeKeyId(key), publicKey };
}

export function formatVerifierKey({ kind, name, keyId, publicKey }: VerifierKey): string {
  const material = Buffer.concat([Uint8Array.of(SIGNATURE_TYPES[kind]), publicKey]);
  return `${name}+${keyId.toString(16).padStart(8, '0')}+${encodeBase64(material)}`;
}

/** Reads keys of Ed25519 (0x01), cosignature/v1 (0x04) and subtree/v1 (0x06). @throws MerkleLogError `invalid_verifier_key` */
export function parseVerifierKey(vkey: string): VerifierKey {
  if (vkey.length > MAX_VKEY_CHARACTERS)
    throw invalidVerifierKey(`it must be at most ${MAX_VKEY_CHARACTERS} characters`);
  const { name, id, encoded } = /^(?<name>[^+]+)\+(?<id>[0-9a-f]{8})\+(?<encoded>[^\n]+)$/.exec(vkey)?.groups ?? {};
  const material = encoded === undefined ? undefined : decodeBase64(encoded);
  if (name === undefined || id === undefined || material === undefined) {
    throw invalidVerifierKey('it must be "<name>+<8 hex digits>+<base64>"');
  }
  const kind = kindOf(material[0]);
  if (kind === undefined) throw invalidVerifierKey(`its type is ${material[0] ?? 'missing'}, must be 1, 4 or 6`);
  const key = createVerifierKey({ kind, name, publicKey: material.subarray(1) });
  if (key.keyId !== Number.parseInt(id, 16)) throw invalidVerifierKey(`its key ID "${id}" does not belong to the key`);
  return key;
}

function kindOf(signatureType: number | undefined): VerifierKeyKind | undefined {
  switch (signatureType) {
    case SIGNATURE_TYPES.ed25519:
      return 'ed25519';
    case SIGNATURE_TYPES['cosignature/v1']:
      return 'cosignature/v1';
    case SIGNATURE_TYPES['subtree/v1']:
      return 'subtree/v1';
    default:
      return undefined;
  }
}

/** Non-empty, without Unicode spaces, control characters and "+". */
export function isKeyName(name: string): boolean {
  return (
    name.length > 0 &&
    name.isWellFormed() &&
    Buffer.byteLength(name) <= MAX_KEY_NAME_BYTES &&
    !/[\p{White_Space}+]/u.test(name) &&
    findControlCharacter(name) === undefined
  );
}

/** Ed25519 over the UTF-8 bytes of the message (RFC 8032). False for anything malformed. */
export function verifyEd25519(publicKey: Uint8Array, message: string, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from(message), key, signature);
}

function invalidVerifierKey(why: string): MerkleLogError {
  return new MerkleLogError('invalid_verifier_key', `Cannot use the verifier key: ${why}`);
}
