import { isIP } from 'node:net';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeAttestationObject, isoBase64URL } from '@simplewebauthn/server/helpers';
import type { Client } from '@sallyport/platform/http';
import { messageOf } from '@sallyport/platform/errors';
import { IdentityError } from '../errors.ts';
import type { Passkey } from './passkey-store.ts';

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
 * Passkeys (WebAuthn Level 3). The person is verified by the authenticator (fingerprint, PIN) in both ceremonies; nothing is
 * asked about the authenticator's make. Throws `passkey_needs_name`.
 */
export async function creationOptions(input: {
  readonly site: Site;
  readonly user: { readonly id: string; readonly name: string };
  readonly challenge: string;
  readonly known: readonly Passkey[];
}): Promise<object> {
  return generateRegistrationOptions({
    rpName: 'Sallyport',
    rpID: nameOf(input.site),
    userName: input.user.name,
    userDisplayName: input.user.name,
    userID: new Uint8Array(Buffer.from(input.user.id)),
    challenge: bytesOf(input.challenge),
    timeout: timeoutMs,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    excludeCredentials: input.known.map(({ id }) => ({ id })),
  });
}

export type MadePasskey = Pick<Passkey, 'id' | 'hostName' | 'publicKey' | 'counter' | 'transports'>;

/** Throws `passkey_refused` unless everything about the response is right. */
export async function verifyCreation(input: {
  readonly site: Site;
  readonly response: CreationResponse;
  readonly isOurs: IsOurs;
}): Promise<MadePasskey & { readonly challenge: string }> {
  const { site } = input;
  const { isOurs, challenge } = remembered(input.isOurs);
  const { id, rawId, response } = input.response;
  const hostName = nameOf(site);
  const { clientDataJSON, attestationObject } = response;
  await refuseFailure(refuseCertificates(attestationObject));
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
  const { credential } = answer.registrationInfo;
  return {
    challenge: challenge(),
    id: credential.id,
    hostName,
    publicKey: new Uint8Array(credential.publicKey),
    counter: credential.counter,
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

/** The counter to be stored, and the challenge that was answered. Throws `passkey_refused` unless everything is right, the counter included. */
export async function verifyRequest(input: {
  readonly site: Site;
  readonly response: RequestResponse;
  readonly passkey: Passkey;
  readonly isOurs: IsOurs;
}): Promise<{ readonly counter: number; readonly challenge: string }> {
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
  return { counter: answer.authenticationInfo.newCounter, challenge: challenge() };
}

/**
 * We ask for no attestation, so browsers send none, or a signature by the passkey itself. Certificates would have the library
 * ask the addresses in them for revocation lists: whoever enrols could make this server call anybody.
 */
async function refuseCertificates(attestationObject: string): Promise<void> {
  const attestation = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
  const format = attestation.get('fmt');
  if (format === 'none' || (format === 'packed' && attestation.get('attStmt').get('x5c') === undefined)) return;
  throw refused('it comes with an attestation, which was not asked for');
}

/** Whatever the library finds wrong with a response is the sender's fault. */
async function refuseFailure<Answer>(verifying: Promise<Answer>): Promise<Answer> {
  try {
    return await verifying;
  } catch (error) {
    throw error instanceof IdentityError ? error : refused(messageOf(error).slice(0, 200), error);
  }
}

export function refused(why: string, cause?: unknown): IdentityError {
  return new IdentityError('passkey_refused', `Cannot accept the passkey: ${why}`, { cause });
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
