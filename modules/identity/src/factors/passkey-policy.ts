import type { AuthenticatorModel, Certification, FidoMetadata } from './fido-metadata.ts';
import { certifications } from './fido-metadata.ts';

/** Which passkeys may be added and used. */
export type PasskeyPolicy = {
  /** `direct`: only authenticators that prove their make, to a root in the FIDO metadata. */
  readonly attestation: 'none' | 'direct';
  /** AAGUIDs, in lower case; empty: all that are not denied. */
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
  readonly leastCertification: Certification;
  /** People with one of these roles use no passkey that can be copied to other devices. */
  readonly hardwareBoundRoles: readonly string[];
};

export const defaultPolicy: PasskeyPolicy = {
  attestation: 'none',
  allowed: [],
  denied: [],
  leastCertification: 'none',
  hardwareBoundRoles: [],
};

/** What an authenticator said of itself, and what of it was verified. Undefined: made before anybody asked. */
export type Provenance = {
  readonly aaguid?: string;
  /** Attestation statement format identifier (WebAuthn Level 3, section 8). */
  readonly attestation?: string;
  /** Its attestation leads to a root that the metadata names for its AAGUID. */
  readonly isAttested: boolean;
  /** It may be copied to other devices; it said so when it was made, and may not say otherwise later. */
  readonly isBackupEligible?: boolean;
};

export type PasskeyRefusal = 'denied' | 'not-allowed' | 'compromised' | 'not-attested' | 'not-certified' | 'synced';

/** Everything the question needs, read once. */
export type PasskeyRules = { readonly policy: PasskeyPolicy; readonly metadata?: FidoMetadata };

/** Why somebody with these roles may not use this passkey. One answer for adding it and for each use. */
export function refusalOf(
  passkey: Provenance,
  roles: readonly string[],
  { policy, metadata }: PasskeyRules,
): PasskeyRefusal | undefined {
  const model = modelOf(passkey.aaguid, metadata);
  if (passkey.aaguid !== undefined && policy.denied.includes(passkey.aaguid)) return 'denied';
  if (model?.compromised !== undefined) return 'compromised';
  if (passkey.isBackupEligible === true && roles.some((role) => policy.hardwareBoundRoles.includes(role)))
    return 'synced';
  if (policy.attestation === 'direct' && !passkey.isAttested) return 'not-attested';
  if (policy.allowed.length > 0 && !policy.allowed.includes(passkey.aaguid ?? '')) return 'not-allowed';
  const level = certifications.indexOf(model?.certification ?? 'none');
  return level < certifications.indexOf(policy.leastCertification) ? 'not-certified' : undefined;
}

export function modelOf(
  aaguid: string | undefined,
  metadata: FidoMetadata | undefined,
): AuthenticatorModel | undefined {
  return aaguid === undefined ? undefined : metadata?.models.find((model) => model.aaguid === aaguid);
}

export const refusalWords: Readonly<Record<PasskeyRefusal, string>> = {
  denied: 'authenticators of its make are not allowed here',
  'not-allowed': 'only authenticators of other makes are allowed here',
  compromised: 'its make is known to be compromised',
  'not-attested': 'it does not prove its make, which is required here',
  'not-certified': 'its make is not certified as required here',
  synced: 'it can be copied to other devices, which your role does not allow: use a security key',
};
