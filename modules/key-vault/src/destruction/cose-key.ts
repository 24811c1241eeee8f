import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { KeyVaultError } from '../errors.ts';

/** How passkeys sign (RFC 9053; ML-DSA as COSE has it, draft-ietf-cose-dilithium, which browsers make by now). */
export const passkeyAlgorithms = ['ES256', 'EdDSA', 'RS256', 'ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const;
export type PasskeyAlgorithm = (typeof passkeyAlgorithms)[number];
/** A passkey's public key and how it signs. */
export type PasskeyKey = { readonly algorithm: PasskeyAlgorithm; readonly key: KeyObject };

type Member = number | Buffer;
const maxKeyBytes = 4096;
const maxMembers = 16;
const smallestModulusBytes = 256;
/** By COSE algorithm: the parameter set (FIPS 204), and how long its public key is. */
const latticeKeys = new Map<
  Member | undefined,
  { readonly name: 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87'; readonly bytes: number }
>([
  [-48, { name: 'ML-DSA-44', bytes: 1312 }],
  [-49, { name: 'ML-DSA-65', bytes: 1952 }],
  [-50, { name: 'ML-DSA-87', bytes: 2592 }],
]);

/**
 * Reads a COSE_Key (RFC 9052, 7) of the kinds authenticators make: ES256 on P-256, EdDSA on Ed25519, RS256 from 2048 bits
 * on, ML-DSA. Strict: a map of small integers to integers and byte strings, no member twice, nothing behind it.
 * Throws `destruction_refused` for anything else.
 */
export function readCoseKey(bytes: Uint8Array): PasskeyKey {
  const members = readMembers(bytes);
  const [type, algorithm] = [members.get(1), members.get(3)];
  const url = (label: number, size?: number): string => {
    const member = members.get(label);
    if (!Buffer.isBuffer(member) || (size !== undefined && member.length !== size)) throw refused();
    return member.toString('base64url');
  };
  if (type === 2 && algorithm === -7 && members.get(-1) === 1)
    return { algorithm: 'ES256', key: importKey({ kty: 'EC', crv: 'P-256', x: url(-2, 32), y: url(-3, 32) }) };
  if (type === 1 && algorithm === -8 && members.get(-1) === 6)
    return { algorithm: 'EdDSA', key: importKey({ kty: 'OKP', crv: 'Ed25519', x: url(-2, 32) }) };
  if (type === 3 && algorithm === -257) {
    const modulus = members.get(-1);
    if (!Buffer.isBuffer(modulus) || modulus.length < smallestModulusBytes || (modulus[0] ?? 0) < 0x80) throw refused();
    return { algorithm: 'RS256', key: importKey({ kty: 'RSA', n: url(-1), e: url(-2) }) };
  }
  const lattice = type === 7 ? latticeKeys.get(algorithm) : undefined;
  if (lattice !== undefined)
    return { algorithm: lattice.name, key: importKey({ kty: 'AKP', alg: lattice.name, pub: url(-1, lattice.bytes) }) };
  throw refused();
}

/** Refuses points that are not on the curve. */
function importKey(jwk: Record<string, string>): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (cause) {
    throw refused(cause);
  }
}

/** As much of CBOR (RFC 8949) as such a key is made of. */
function readMembers(bytes: Uint8Array): ReadonlyMap<number, Member> {
  const view = Buffer.from(bytes);
  if (view.length > maxKeyBytes) throw refused();
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > view.length) throw refused();
    at += count;
    return view.subarray(at - count, at);
  };
  const head = (): { major: number; value: number } => {
    const first = take(1).readUInt8();
    const [major, short] = [first >> 5, first & 0x1f];
    if (short < 24) return { major, value: short };
    if (short === 24) return { major, value: take(1).readUInt8() };
    if (short === 25) return { major, value: take(2).readUInt16BE() };
    throw refused();
  };
  const integer = ({ major, value }: { major: number; value: number }): number => {
    if (major === 0) return value;
    if (major === 1) return -1 - value;
    throw refused();
  };
  const { major, value: count } = head();
  if (major !== 5 || count > maxMembers) throw refused();
  const members = new Map<number, Member>();
  for (let order = 0; order < count; order += 1) {
    const label = integer(head());
    const next = head();
    const member = next.major === 2 ? Buffer.from(take(next.value)) : integer(next);
    if (members.has(label)) throw refused();
    members.set(label, member);
  }
  if (at !== view.length) throw refused();
  return members;
}

function refused(cause?: unknown): KeyVaultError {
  return new KeyVaultError(
    'destruction_refused',
    'Cannot read the public key of the passkey: must be a COSE key for ES256, EdDSA, RS256 or ML-DSA',
    { cause },
  );
}
