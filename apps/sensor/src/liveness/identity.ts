import type { JsonObject } from '@sallyport/contracts';
import { canonicalJson } from '@sallyport/contracts';
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  sign,
  verify,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { dirname } from 'node:path';
import { SensorError } from '../errors.ts';
import { saidBy } from '../record.ts';
import type { SensorRecord } from '../record.ts';

/** The key this installation signs with what it says about itself. */
export type Identity = {
  /** SHA-256 of the public key, the first 16 hexadecimal digits. */
  readonly keyId: string;
  /** Ed25519, raw, base64. */
  readonly publicKey: string;
  /**
   * The record with `key_id` and `signature` (Ed25519 over the canonical JSON of everything its line says but `sensor` and the
   * signature), so that it holds for no other host, time or kind of record.
   */
  signed(record: SensorRecord, host: string): SensorRecord;
};

/**
 * Reads the key, or makes one that only its owner can read. With a `credential`, and no file from before, it is derived from that
 * and lies on no disk. Throws `state_unusable`.
 */
export function loadIdentity(file: string, credential?: Uint8Array): Identity {
  const known = readFileIfPresent(file);
  let pem = known?.toString('utf8');
  if (pem === undefined && credential !== undefined) return identityOf(derivedKey(credential));
  if (pem === undefined) {
    pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    makePrivateDirectory(dirname(file));
    writeFileDurably(file, Buffer.from(pem));
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    throw new SensorError('state_unusable', `Cannot use "${file}": must be a private key in PEM form`, {
      cause: error,
    });
  }
  return identityOf(privateKey);
}

/** The 32 bytes of a key are any 32 (RFC 8032); PKCS #8 (RFC 8410) is this prefix and them. */
function derivedKey(credential: Uint8Array): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', credential, Buffer.alloc(0), 'sallyport sensor identity', 32));
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
}

const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

function identityOf(privateKey: KeyObject): Identity {
  const raw = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32);
  const keyId = createHash('sha256').update(raw).digest('hex').slice(0, 16);
  return {
    keyId,
    publicKey: raw.toString('base64'),
    signed(record, host) {
      const named = { ...record, fields: { ...record.fields, key_id: keyId } };
      const signature = sign(null, Buffer.from(canonicalJson(saidBy(named, host))), privateKey).toString('base64');
      return { ...named, fields: { ...named.fields, signature } };
    },
  };
}

/** Whether a line was signed with the key of this raw public key, base64, and not changed since. */
export function isSignedBy(publicKey: string, line: JsonObject): boolean {
  const { signature, sensor: _sensor, ...named } = line;
  const raw = Buffer.from(publicKey, 'base64');
  if (typeof signature !== 'string' || raw.length !== 32) return false;
  // The SubjectPublicKeyInfo of Ed25519 (RFC 8410) is this prefix and the key.
  const key = createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(canonicalJson(named)), key, Buffer.from(signature, 'base64'));
}

const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
