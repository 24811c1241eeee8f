import { canonicalJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The SubjectPublicKeyInfo of Ed25519 (RFC 8410) is this and the 32 bytes of the key. */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const keyBytes = 32;
const signatureBytes = 64;

/** SHA-256 of the raw key, the first 16 hexadecimal digits. Undefined for what is no key in base64. */
export function keyIdOf(publicKey: string): string | undefined {
  const raw = rawKey(publicKey);
  return raw === undefined ? undefined : createHash('sha256').update(raw).digest('hex').slice(0, 16);
}

/** Names a signature, as the beat after it does. */
export function markOf(signature: string): string {
  return createHash('sha256').update(JSON.stringify(signature)).digest('hex').slice(0, 32);
}

/** Whether the line was signed with the key of this raw public key, base64: all it says but `sensor` and the signature. */
export function isSignedBy(publicKey: string, line: JsonObject): boolean {
  const { signature, sensor: _sensor, ...said } = line;
  const key = readKey(publicKey);
  if (key === undefined || typeof signature !== 'string') return false;
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.length !== signatureBytes) return false;
  try {
    return verify(null, Buffer.from(canonicalJson(said)), key, bytes);
  } catch (error) {
    // No sensor nests so deep that the stack ends.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function readKey(publicKey: string): KeyObject | undefined {
  const raw = rawKey(publicKey);
  if (raw === undefined) return undefined;
  try {
    return createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** One spelling a key, so that two texts are never the same key. */
function rawKey(publicKey: string): Buffer | undefined {
  const raw = Buffer.from(publicKey, 'base64');
  return raw.length === keyBytes && raw.toString('base64') === publicKey ? raw : undefined;
}
