import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { isJsonObject } from '@sallyport/contracts';
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { dirname } from 'node:path';
import { SensorError } from '../errors.ts';

/** The key this installation signs its heartbeats with. */
export type Identity = {
  /** SHA-256 of the public key, the first 16 hexadecimal digits. */
  readonly keyId: string;
  /** Ed25519, raw, base64. */
  readonly publicKey: string;
  /** The fields with `key_id` and `signature` over all of them (Ed25519 over their canonical JSON). */
  signed(fields: JsonObject): JsonObject;
};

/** Reads the key, or makes one that only its owner can read. Throws `state_unusable`. */
export function loadIdentity(file: string): Identity {
  const known = readFileIfPresent(file);
  let pem = known?.toString('utf8');
  if (pem === undefined) {
    pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    makePrivateDirectory(dirname(file));
    writeFileDurably(file, Buffer.from(pem));
  }
  let privateKey: ReturnType<typeof createPrivateKey>;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    throw new SensorError('state_unusable', `Cannot use "${file}": must be a private key in PEM form`, {
      cause: error,
    });
  }
  const raw = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32);
  const keyId = createHash('sha256').update(raw).digest('hex').slice(0, 16);
  return {
    keyId,
    publicKey: raw.toString('base64'),
    signed(fields) {
      const named = { ...fields, key_id: keyId };
      return { ...named, signature: sign(null, Buffer.from(canonical(named)), privateKey).toString('base64') };
    },
  };
}

/** Whether signed fields were made with the key of this raw public key, base64, and not changed since. */
export function isSignedBy(publicKey: string, fields: JsonObject): boolean {
  const { signature, ...named } = fields;
  const raw = Buffer.from(publicKey, 'base64');
  if (typeof signature !== 'string' || raw.length !== 32) return false;
  // The SubjectPublicKeyInfo of Ed25519 (RFC 8410) is this prefix and the key.
  const key = createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(canonical(named)), key, Buffer.from(signature, 'base64'));
}

const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** JSON with the names of every object in order (RFC 8785, for texts, whole numbers and booleans). */
function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonical(item)).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`).join(',')}}`;
}
