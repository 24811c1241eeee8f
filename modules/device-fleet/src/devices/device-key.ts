import { createHash, createPublicKey, verify } from 'node:crypto';
import { deviceFingerprint, deviceKeyText, deviceProofText } from '@sallyport/contracts';
import type { DeviceProofPurpose } from '@sallyport/contracts';

/** A point on P-256: its coordinates as they stand in a JWK (RFC 7518 section 6.2.1), 32 bytes each in base64url. */
export type DeviceKey = { readonly x: string; readonly y: string };

const coordinateBytes = 32;
const signatureBytes = 64;

/** The key, or undefined when it is none: another curve or form, a second spelling, not on the curve, the point at infinity. */
export function parseDeviceKey(jwk: {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
}): DeviceKey | undefined {
  const { kty, crv, x, y } = jwk;
  if (kty !== 'EC' || crv !== 'P-256' || !isCoordinate(x) || !isCoordinate(y)) return undefined;
  return publicKeyOf({ x, y }) === undefined ? undefined : { x, y };
}

export function fingerprintOf(key: DeviceKey): string {
  return deviceFingerprint(createHash('sha256').update(deviceKeyText(key)).digest());
}

/** Whether this key signed the proof. Never throws, whatever the signature is. */
export function isProofBy(
  key: DeviceKey,
  proof: { readonly purpose: DeviceProofPurpose; readonly host: string; readonly value: string },
  signature: string,
): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  // One spelling each, and the fixed length of IEEE P1363: 32 bytes of r, 32 of s.
  if (bytes.length !== signatureBytes || bytes.toString('base64url') !== signature) return false;
  const publicKey = publicKeyOf(key);
  if (publicKey === undefined) return false;
  return verify('sha256', Buffer.from(deviceProofText(proof)), { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes);
}

function publicKeyOf({ x, y }: DeviceKey): ReturnType<typeof createPublicKey> | undefined {
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    // Not a point on the curve.
    return undefined;
  }
}

/** One spelling a number, so that two texts are never the same key. */
function isCoordinate(text: string): boolean {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === coordinateBytes && bytes.toString('base64url') === text;
}
