import { isIP } from 'node:net';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { JsonObject } from '@sallyport/contracts';
import type { Client } from '@sallyport/platform/http';
import { messageOf } from '@sallyport/platform/errors';
import { IdentityError } from '../errors.ts';
import { isOfModel, readAttestation, verifyStatementsOffline, type Attestation } from './attestation.ts';
import { modelOf, refusalOf, refusalWords, type PasskeyRules, type Provenance } from './passkey-policy.ts';
import type { Passkey, PasskeyUse } from './passkey-store.ts';

/** What a browser answers when a passkey was made (WebAuthn Level 3 section 5.1.8.1), as far as we read it. */
export type CreationResponse = {
  readonly id: string;
  readonly rawId: string;
  readonly response: {
    readonly clientDataJSON: string;
    readonly attestationObject: string;
    readonly transports?: readonly string[];
  };
};
/** The same for a passkey that was used. */
export type RequestResponse = {
  readonly id: string;
  readonly rawId: string;
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string;
  };
};

type Site = Pick<Client, 'origin' | 'hostName'>;
/** Whether the challenge is one of ours and in time. That it is used once is for the caller to see to. */
type IsOurs = (challenge: string) => boolean;

const timeoutMs = 5 * 60_000;
const transports = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);

/** Browsers make passkeys for names only, so not for `127.0.0.1`. */
export function canHavePasskeys(hostName: string): boolean {
  return isIP(hostName.replaceAll(/[[\]]/g, '')) === 0;
}

/**
 * Passkeys (WebAuthn Level 3). The person is verified by the authenticator (fingerprint, PIN) in both ceremonies; it is asked to prove
 * its make where the organisation's policy wants that. Throws `passkey_needs_name`.
 */
export async function creationOptions(input: {
  readonly site: Site;
  readonly user: { readonly id: string; readonly name: string };
  readonly challenge: string;
  readonly known: readonly Pick<Passkey, 'id'>[];
  readonly rules: PasskeyRules;
  /** The authenticator keeps it, so that it is found without the server naming it to whoever asks. */
  readonly mustBeKept?: true;
}): Promise<object> {
  return generateRegistrationOptions({
    rpName: 'Sallyport',
    rpID: nameOf(input.site),
    userName: input.user.name,
    userDisplayName: input.user.name,
    userID: new Uint8Array(Buffer.from(input.user.id)),
    challenge: bytesOf(input.challenge),
    timeout: timeoutMs,
    attestationType: input.rules.policy.attestation,
    authenticatorSelection: {
      residentKey: input.mustBeKept === true ? 'required' : 'preferred',
      userVerification: 'required',
    },
    excludeCredentials: input.known.map(({ id }) => ({ id })),
  });
}

export type MadePasskey = Omit<Passkey, 'userId' | 'label' | 'createdAtMs' | 'lastUsedAtMs'>;

/** Throws `passkey_refused` unless everything about the response is right, and somebody with these roles may use such a passkey. */
export async function verifyCreation(input: {
  readonly site: Site;
  readonly response: CreationResponse;
  readonly isOurs: IsOurs;
  readonly rules: PasskeyRules;
  readonly roles: readonly string[];
  readonly nowMs: number;
}): Promise<MadePasskey & { readonly challenge: string }> {
  const { site, rules } = input;
  const { isOurs, challenge } = remembered(input.isOurs);
  const { id, rawId, response } = input.response;
  const hostName = nameOf(site);
  const { clientDataJSON, attestationObject } = response;
  const attestation = await refuseFailure(readWanted(attestationObject, rules));
  verifyStatementsOffline();
  const answer = await refuseFailure(
    verifyRegistrationResponse({
      response: {
        id,
        rawId,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON, attestationObject },
      },
      expectedChallenge: isOurs,
      expectedOrigin: site.origin,
      expectedRPID: hostName,
      requireUserVerification: true,
    }),
  );
  if (!answer.verified) throw refused('it does not verify');
  const { credential, aaguid, credentialDeviceType, credentialBackedUp } = answer.registrationInfo;
  const provenance = {
    aaguid,
    attestation: attestation.format,
    isAttested: isOfModel(attestation, modelOf(aaguid, rules.metadata), input.nowMs),
    isBackupEligible: credentialDeviceType === 'multiDevice',
  };
  refuseByRules(provenance, input.roles, rules);
  return {
    challenge: challenge(),
    id: credential.id,
    hostName,
    publicKey: new Uint8Array(credential.publicKey),
    counter: credential.counter,
    ...provenance,
    isBackedUp: credentialBackedUp,
    transports: (response.transports ?? []).filter((transport) => transports.has(transport)),
  };
}

/** The one challenge that was found to be ours. */
function remembered(isOurs: IsOurs): { isOurs: IsOurs; challenge(): string } {
  let found = '';
  return {
    isOurs(challenge) {
      if (!isOurs(challenge)) return false;
      found = challenge;
      return true;
    },
    challenge: () => found,
  };
}

/** With no passkeys named, the browser offers those it has. */
export async function requestOptions(input: {
  readonly site: Site;
  readonly challenge: string;
  readonly passkeys: readonly Passkey[];
}): Promise<object> {
  return generateAuthenticationOptions({
    rpID: nameOf(input.site),
    challenge: bytesOf(input.challenge),
    timeout: timeoutMs,
    userVerification: 'required',
    allowCredentials: input.passkeys.map((passkey) => ({ id: passkey.id, transports: [...passkey.transports] })),
  });
}

/**
 * What the authenticator says of itself now, to be stored, and the challenge that was answered. Throws `passkey_refused` unless everything is
 * right, the counter included, and somebody with these roles may still use such a passkey.
 */
export async function verifyRequest(input: {
  readonly site: Site;
  readonly response: RequestResponse;
  readonly passkey: Pick<Passkey, 'id' | 'publicKey' | 'counter'> & Provenance;
  readonly isOurs: IsOurs;
  readonly rules: PasskeyRules;
  readonly roles: readonly string[];
}): Promise<{ readonly use: PasskeyUse; readonly challenge: string }> {
  const { site, passkey } = input;
  const { isOurs, challenge } = remembered(input.isOurs);
  const { id, rawId, response } = input.response;
  const { clientDataJSON, authenticatorData, signature } = response;
  const answer = await refuseFailure(
    verifyAuthenticationResponse({
      response: {
        id,
        rawId,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON, authenticatorData, signature },
      },
      expectedChallenge: isOurs,
      expectedOrigin: site.origin,
      expectedRPID: nameOf(site),
      credential: { id: passkey.id, publicKey: passkey.publicKey, counter: passkey.counter },
      requireUserVerification: true,
    }),
  );
  if (!answer.verified) throw refused('it does not verify');
  const { newCounter, credentialDeviceType, credentialBackedUp } = answer.authenticationInfo;
  const isBackupEligible = credentialDeviceType === 'multiDevice';
  // It never changes (WebAuthn Level 3 section 6.1.3): another authenticator holds the key now.
  if (passkey.isBackupEligible !== undefined && passkey.isBackupEligible !== isBackupEligible)
    throw refused('it says otherwise than before whether it can be copied', undefined, passkey, 'backup-changed');
  refuseByRules({ ...passkey, isBackupEligible }, input.roles, input.rules);
  return { use: { counter: newCounter, isBackupEligible, isBackedUp: credentialBackedUp }, challenge: challenge() };
}

/** Certificates that were not asked for are refused unread, and formats that could not be verified without asking the network. */
async function readWanted(attestationObject: string, { policy }: PasskeyRules): Promise<Attestation> {
  const attestation = readAttestation(attestationObject);
  if (policy.attestation === 'none' && (attestation === undefined || attestation.chain !== undefined))
    throw refused('it comes with an attestation, which was not asked for');
  if (attestation === undefined) throw refused('its attestation is of a kind that is not read here');
  return attestation;
}

function refuseByRules(provenance: Provenance, roles: readonly string[], rules: PasskeyRules): void {
  const why = refusalOf(provenance, roles, rules);
  if (why !== undefined) throw refused(refusalWords[why], undefined, provenance, why);
}

/** For the audit trail: what the authenticator said of itself, and what became of it. */
export function provenanceDetails(
  { aaguid, attestation, isAttested, isBackupEligible }: Provenance,
  verdict: string,
): JsonObject {
  return {
    aaguid: aaguid ?? null,
    attestation: attestation ?? null,
    attested: isAttested,
    synced: isBackupEligible ?? null,
    verdict,
  };
}

/** For the record of a sign-in: which make it is, by the metadata where it knows it; whether it is copied elsewhere; that it verified the person. */
export function usedPasskey(
  passkey: Provenance,
  use: Pick<PasskeyUse, 'isBackupEligible' | 'isBackedUp'>,
  { metadata }: PasskeyRules,
): JsonObject {
  const facts = { ...passkey, isBackupEligible: use.isBackupEligible };
  return {
    ...provenanceDetails(facts, 'accepted'),
    make: (passkey.aaguid === undefined ? undefined : modelOf(passkey.aaguid, metadata)?.name) ?? null,
    backed_up: use.isBackedUp,
    // Nobody comes in with one that did not: it is asked for in every ceremony.
    user_verified: true,
  };
}

/** Whatever the library finds wrong with a response is the sender's fault. */
async function refuseFailure<Answer>(verifying: Promise<Answer>): Promise<Answer> {
  try {
    return await verifying;
  } catch (error) {
    throw error instanceof IdentityError ? error : refused(messageOf(error).slice(0, 200), error);
  }
}

export function refused(why: string, cause?: unknown, provenance?: Provenance, verdict = 'refused'): IdentityError {
  return new IdentityError('passkey_refused', `Cannot accept the passkey: ${why}`, {
    cause,
    ...(provenance === undefined ? {} : { details: { passkey: provenanceDetails(provenance, verdict) } }),
  });
}

function nameOf({ hostName, origin }: Site): string {
  if (canHavePasskeys(hostName)) return hostName;
  throw new IdentityError('passkey_needs_name', `Cannot use a passkey at ${origin}: must be opened under a host name`, {
    hint: `on this machine, open ${origin.replace(hostName, 'localhost')}`,
  });
}

function bytesOf(challenge: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(challenge, 'base64url'));
}
