import { hash, verify } from 'node:crypto';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { KeyVaultError } from '../errors.ts';
import { readCoseKey } from './cose-key.ts';
import type { PasskeyKey } from './cose-key.ts';

/** What a passkey answered (WebAuthn Level 3, 5.2.2), base64url each. */
export type Assertion = {
  readonly credentialId: string;
  readonly clientDataJson: string;
  readonly authenticatorData: string;
  readonly signature: string;
};

/** The passkey it must come from. */
export type EnrolledPasskey = {
  readonly credentialId: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  /** The relying party id. */
  readonly hostName: string;
};

const userPresent = 0x01;
const userVerified = 0x04;
const attestedOrExtended = 0x40 | 0x80;
const headBytes = 32 + 1 + 4;
const maxClientDataBytes = 4096;
const maxAuthenticatorDataBytes = 1024;
/** ML-DSA-87 signs with 4,627 bytes. */
const maxSignatureBytes = 5120;

/**
 * Verifies an assertion (WebAuthn Level 3, 7.2) with nothing but the statement's digest and the enrolled key: the type, the
 * challenge, an origin of the passkey's own host, that nobody framed the page, that the person was present and verified,
 * and the signature. Answers with the signature counter. Throws `destruction_refused`, which says what is wrong.
 */
export function verifyAssertion(
  assertion: Assertion,
  expected: { readonly passkey: EnrolledPasskey; readonly digest: string },
): { readonly counter: number } {
  const { passkey, digest } = expected;
  if (assertion.credentialId !== passkey.credentialId) throw refused('it comes from another passkey');
  const clientData = decode(assertion.clientDataJson, maxClientDataBytes);
  const authenticatorData = decode(assertion.authenticatorData, maxAuthenticatorDataBytes);
  const signature = decode(assertion.signature, maxSignatureBytes);
  checkClientData(clientData, Buffer.from(digest, 'hex').toString('base64url'), passkey.hostName);
  const counter = checkAuthenticatorData(authenticatorData, passkey.hostName);
  const signed = Buffer.concat([authenticatorData, hash('sha256', clientData, 'buffer')]);
  if (!verifySignature(readCoseKey(Buffer.from(passkey.publicKey, 'base64url')), signed, signature))
    throw refused('its signature is wrong');
  return { counter };
}

function checkClientData(bytes: Buffer, challenge: string, hostName: string): void {
  const read = parseUtf8(bytes);
  if (!isJsonObject(read)) throw refused('its client data is no JSON object');
  if (read['type'] !== 'webauthn.get') throw refused('it was not made to sign with');
  if (read['challenge'] !== challenge) throw refused('it signs something else than this exact list');
  if (read['crossOrigin'] !== undefined && read['crossOrigin'] !== false)
    throw refused('it was made on a page inside another');
  if (read['topOrigin'] !== undefined) throw refused('it was made on a page inside another');
  const { origin } = read;
  if (typeof origin !== 'string' || !isOriginOf(origin, hostName))
    throw refused(`it was made on another page than one of "${hostName}"`);
}

/** https, or http on this machine itself, as browsers have it; the host is the passkey's or one below it. */
function isOriginOf(origin: string, hostName: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname, origin: normal } = new URL(origin);
  if (normal !== origin) return false;
  if (protocol !== 'https:' && !(protocol === 'http:' && isLocalhost(hostname))) return false;
  return hostname === hostName || (hostName.includes('.') && hostname.endsWith(`.${hostName}`));
}

const isLocalhost = (hostname: string): boolean => hostname === 'localhost' || hostname.endsWith('.localhost');

/** An assertion's data is the head alone unless flags say otherwise, which we do not ask for. */
function checkAuthenticatorData(data: Buffer, hostName: string): number {
  if (data.length < headBytes) throw refused('its authenticator data is too short');
  if (!data.subarray(0, 32).equals(hash('sha256', hostName, 'buffer'))) throw refused('it is for another host name');
  const flags = data.readUInt8(32);
  if ((flags & userPresent) === 0) throw refused('nobody was present');
  if ((flags & userVerified) === 0) throw refused('the authenticator did not verify the person');
  if ((flags & attestedOrExtended) === 0 && data.length !== headBytes)
    throw refused('something stands behind its authenticator data');
  return data.readUInt32BE(33);
}

function verifySignature({ algorithm, key }: PasskeyKey, signed: Buffer, signature: Buffer): boolean {
  switch (algorithm) {
    case 'ES256':
      return verify('sha256', signed, { key, dsaEncoding: 'der' }, signature);
    case 'RS256':
      return verify('sha256', signed, key, signature);
    case 'EdDSA':
    case 'ML-DSA-44':
    case 'ML-DSA-65':
    case 'ML-DSA-87':
      return verify(null, signed, key, signature);
  }
}

function decode(text: string, maxBytes: number): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length === 0 || bytes.length > maxBytes || bytes.toString('base64url') !== text)
    throw refused('it is not well-formed');
  return bytes;
}

function parseUtf8(bytes: Buffer): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function refused(why: string): KeyVaultError {
  return new KeyVaultError('destruction_refused', `Cannot accept the signature: ${why}`, {
    hint: 'sign again in the console, with a passkey of this installation',
  });
}
