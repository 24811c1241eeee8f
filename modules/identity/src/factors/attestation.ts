import type { X509Certificate } from 'node:crypto';
import { SettingsService } from '@simplewebauthn/server';
import { decodeAttestationObject, isoBase64URL } from '@simplewebauthn/server/helpers';
import { readCertificates, rootOf } from './certificate-chain.ts';
import type { AuthenticatorModel } from './fido-metadata.ts';

/** Format and certificates of an attestation statement (WebAuthn Level 3 section 6.5.4); nothing of it is verified. */
export type Attestation = {
  readonly format: string;
  /** Leaf first; undefined for none, or a signature by the passkey itself. */
  readonly chain?: readonly X509Certificate[];
};

/** Formats whose certificates are looked at. Keys of `fido-u2f` cannot verify who holds them, which is always required. */
const formats = new Set(['packed', 'tpm', 'android-key', 'apple']);
/** Object identifier of the addresses of revocation lists (RFC 5280 section 4.2.1.13), in DER. */
const revocationAddresses = Buffer.from('0603551d1f', 'hex');

/** Undefined for what is no attestation that we could verify without asking the network. Throws on CBOR that is none. */
export function readAttestation(attestationObject: string): Attestation | undefined {
  const decoded = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
  const format: unknown = decoded.get('fmt');
  const chain: unknown = decoded.get('attStmt').get('x5c');
  if (format === 'none' || (format === 'packed' && chain === undefined)) return { format };
  if (typeof format !== 'string' || !formats.has(format) || !isListOfBytes(chain)) return undefined;
  const certificates = readCertificates(chain);
  if (certificates === undefined) return undefined;
  // Of this format the library checks the chain against its own last certificate, and would fetch the lists that are named in it.
  if (format === 'android-key' && certificates.some(({ raw }) => raw.includes(revocationAddresses))) return undefined;
  return { format, chain: certificates };
}

/**
 * The library verifies signatures and contents of statements; whether their certificates lead to a maker is asked here, by the
 * imported metadata. Left to itself it would ask addresses in those certificates for revocation lists: whoever enrols could make this
 * server call anybody. Its settings are those of the whole process; calling this again changes nothing.
 */
export function verifyStatementsOffline(): void {
  for (const identifier of ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f', 'android-safetynet'] as const)
    SettingsService.setRootCertificates({ identifier, certificates: [] });
}

/** Its certificates lead to one that the metadata names for this model. */
export function isOfModel({ chain }: Attestation, model: AuthenticatorModel | undefined, nowMs: number): boolean {
  if (chain === undefined || model === undefined) return false;
  const roots = model.roots.flatMap((root) => readCertificates([Buffer.from(root, 'base64')]) ?? []);
  return rootOf(chain, roots, nowMs) !== undefined;
}

function isListOfBytes(value: unknown): value is Uint8Array[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => one instanceof Uint8Array);
}
