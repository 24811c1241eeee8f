import { createHash } from 'node:crypto';
import { CameraWatchError } from '../errors.ts';
import { strongestChallenge, type Challenge } from './authentication-challenge.ts';

export type Credentials = { readonly user: string; readonly password: string };

/** What one attempt to fetch from a camera leaves to the next: whoever stands in between can end each of them. */
export type CameraMemory = { hasAskedForDigest: boolean };

export function createCameraMemory(): CameraMemory {
  return { hasAskedForDigest: false };
}

/**
 * What is known of how one camera wants to be convinced, over one connection or a row of them. Nothing is sent before it
 * is asked for, and once a camera asked for Digest, the password itself (Basic) is not given to it any more.
 */
export type CameraAuthentication = {
  /** The value of `Authorization` for this request; undefined when nothing was asked for. Each may be sent once. */
  authorization(request: { readonly method: string; readonly uri: string }): string | undefined;
  /** A request was let through. */
  accepted(): void;
  /**
   * A request was answered with 401 and these `WWW-Authenticate`. Undefined to ask again: once for each, twice where a nonce
   * was too old, and never without end. Else why not, `camera_credentials_refused`.
   */
  refused(challenges: readonly string[]): CameraWatchError | undefined;
};

const maxRefusals = 2;

type Answering = {
  readonly challenge: Challenge;
  readonly clientNonce: string;
  count: number;
  wasAccepted: boolean;
};

export function createCameraAuthentication(needs: {
  readonly credentials: Credentials | undefined;
  readonly random: (length: number) => Uint8Array;
  readonly memory: CameraMemory;
}): CameraAuthentication {
  const { credentials, random, memory } = needs;
  let answering: Answering | undefined;
  let refusals = 0;
  return {
    authorization(request) {
      if (answering === undefined || credentials === undefined) return undefined;
      const { challenge, clientNonce } = answering;
      if (challenge.scheme === 'basic') return basicAuthorization(credentials);
      answering.count += 1;
      return digestAuthorization({ challenge, clientNonce, count: answering.count, credentials, ...request });
    },
    accepted() {
      refusals = 0;
      if (answering !== undefined) answering.wasAccepted = true;
    },
    refused(values) {
      refusals += 1;
      const challenge = strongestChallenge(values);
      if (credentials === undefined || challenge === undefined || refusals > maxRefusals) return credentialsRefused();
      if (challenge.scheme === 'digest') memory.hasAskedForDigest = true;
      else if (memory.hasAskedForDigest)
        return credentialsRefused(
          'the camera asks for the password in clear, as it did not before; save it again if that is right',
        );
      const isRenewed = challenge.scheme === 'digest' && (challenge.isStale || answering?.wasAccepted === true);
      if (answering !== undefined && !isRenewed) return credentialsRefused();
      const clientNonce = Buffer.from(random(16)).toString('hex');
      answering = { challenge, clientNonce, count: 0, wasAccepted: false };
      return undefined;
    },
  };
}

export function credentialsRefused(why = 'the camera refused the credentials'): CameraWatchError {
  return new CameraWatchError('camera_credentials_refused', why);
}

/** RFC 7617. */
function basicAuthorization({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

/** RFC 7616 section 3.4, with `qop=auth` or, as RFC 2069 had it, without. */
export function digestAuthorization(given: {
  readonly challenge: Extract<Challenge, { readonly scheme: 'digest' }>;
  readonly clientNonce: string;
  readonly count: number;
  readonly credentials: Credentials;
  readonly method: string;
  readonly uri: string;
}): string {
  const { challenge, clientNonce, credentials, method, uri } = given;
  const { realm, nonce, opaque, hasQop, isSession } = challenge;
  const hash = (text: string): string => createHash(challenge.algorithm).update(text, 'latin1').digest('hex');
  const [user, password] = [asBytes(credentials.user), asBytes(credentials.password)];
  const count = given.count.toString(16).padStart(8, '0');
  const ofPassword = hash(`${user}:${realm}:${password}`);
  const secret = isSession ? hash(`${ofPassword}:${nonce}:${clientNonce}`) : ofPassword;
  const between = hasQop ? [nonce, count, clientNonce, 'auth'] : [nonce];
  const response = hash([secret, ...between, hash(`${method}:${asBytes(uri)}`)].join(':'));
  const parts = [
    `username=${quoted(challenge.hidesUser ? hash(`${user}:${realm}`) : user)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(asBytes(uri))}`,
    `response="${response}"`,
    // Word for word, and not where there was none: older cameras know no other spelling than theirs.
    ...(challenge.named === undefined ? [] : [`algorithm=${challenge.named}`]),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(hasQop ? ['qop=auth', `nc=${count}`] : []),
    ...(hasQop || isSession ? [`cnonce="${clientNonce}"`] : []),
    ...(challenge.hidesUser ? ['userhash=true'] : []),
  ];
  return `Digest ${parts.join(', ')}`;
}

/** One character a byte of its UTF-8, as headers are written. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
