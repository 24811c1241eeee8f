import { startAuthentication, startRegistration } from '@simplewebauthn/browser';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/browser';

/** Passkeys belong to a name: a page under a bare address cannot have them. */
export function passkeysPossible(): boolean {
  return 'PublicKeyCredential' in window && !/^[\d.]+$|^\[/.test(location.hostname);
}

/** The same page under a name of this machine, where passkeys work; undefined when it is not this machine. */
export function addressWithName(): string | undefined {
  if (location.hostname !== '127.0.0.1' && location.hostname !== '[::1]') return undefined;
  const address = new URL(location.href);
  address.hostname = 'localhost';
  return address.href;
}

/** Asks the browser or a security key for a new passkey. The options are the server's, unread. */
export function createPasskey(options: unknown): Promise<RegistrationResponseJSON> {
  if (!isCreation(options)) throw new TypeError('Cannot create a passkey: the server sent no options');
  return startRegistration({ optionsJSON: options });
}

export function usePasskey(options: unknown): Promise<AuthenticationResponseJSON> {
  if (!isRequest(options)) throw new TypeError('Cannot use a passkey: the server sent no options');
  return startAuthentication({ optionsJSON: options });
}

/** Why a passkey did not come about, for people. */
export function passkeyRefusal(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'AbortError')
    return 'It was cancelled, or took too long. Nothing has changed.';
  if (name === 'InvalidStateError') return 'This device already holds a passkey for this account.';
  return error instanceof Error ? error.message : 'The browser refused.';
}

function isCreation(value: unknown): value is PublicKeyCredentialCreationOptionsJSON {
  return typeof value === 'object' && value !== null && 'challenge' in value && 'rp' in value;
}

function isRequest(value: unknown): value is PublicKeyCredentialRequestOptionsJSON {
  return typeof value === 'object' && value !== null && 'challenge' in value;
}
