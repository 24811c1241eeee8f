// Security keys and what identity does with them, as this module sees it: no WebAuthn, but the same promises, which identity's own
// tests hold the real thing to (factors/sealed-passkeys.test.ts).
import { createHmac, randomBytes } from 'node:crypto';
import { CodedError } from '@sallyport/platform/errors';
import type { PasskeyCeremonies, SealedPasskey } from './needs.ts';
import type { CreatedPasskey, PasskeyAnswer } from './passkey-schema.ts';

export type SecurityKey = {
  readonly id: string;
  create(options: object): CreatedPasskey;
  /** With another counter: as a copy of it would answer. */
  answer(options: object, counter?: number): PasskeyAnswer;
};

class PasskeyRefusal extends CodedError<'passkey_refused'> {}

const challengeOf = (options: object): string =>
  'challenge' in options && typeof options.challenge === 'string' ? options.challenge : '';
const sign = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('base64url');

export function createSecurityKey(): SecurityKey {
  const id = randomBytes(16).toString('base64url');
  const secret = randomBytes(16).toString('base64url');
  let used = 0;
  return {
    id,
    create: (options) => ({
      id,
      rawId: id,
      response: { clientDataJSON: challengeOf(options), attestationObject: secret },
    }),
    answer(options, counter = (used += 1)) {
      const challenge = challengeOf(options);
      const signature = sign(secret, `${challenge}.${counter}`);
      return { id, rawId: id, response: { clientDataJSON: challenge, authenticatorData: String(counter), signature } };
    },
  };
}

/** `refused`: what the organisation's rules say of every passkey by now. */
export function createCeremonies(rules: { refused?: string }): PasskeyCeremonies {
  const issued = new Set<string>();
  const spent = new Set<string>();
  const options = (purpose: string): { challenge: string } => {
    const challenge = `${purpose}.${randomBytes(9).toString('base64url')}`;
    issued.add(challenge);
    return { challenge };
  };
  const requireOurs = (challenge: string, purpose: string): string => {
    if (issued.has(challenge) && challenge.startsWith(`${purpose}.`)) return challenge;
    throw new PasskeyRefusal('passkey_refused', 'Cannot accept the passkey: the challenge is not ours');
  };
  return {
    creationOptions: async ({ account }) => options(`create-${account.userId}`),
    async accept({ userId, client, response: { id, response } }) {
      const challenge = requireOurs(response.clientDataJSON, `create-${userId}`);
      const passkey: SealedPasskey = {
        id,
        hostName: client.hostName,
        publicKey: response.attestationObject,
        counter: 0,
        isAttested: false,
      };
      return { passkey, challenge, facts: { verdict: 'accepted' } };
    },
    requestOptions: async () => options('open'),
    async verify({ passkey, response: { response } }) {
      const challenge = requireOurs(response.clientDataJSON, 'open');
      const { authenticatorData, signature } = response;
      const counter = Number(authenticatorData);
      if (signature !== sign(passkey.publicKey, `${challenge}.${counter}`) || counter <= passkey.counter)
        throw new PasskeyRefusal('passkey_refused', 'Cannot accept the passkey: it does not verify');
      return { counter, challenge, facts: { verdict: rules.refused ?? 'accepted' } };
    },
    async spend(_where, challenge) {
      if (spent.has(challenge)) return false;
      spent.add(challenge);
      return true;
    },
    lookUp: async () => ({
      algorithm: undefined,
      ...(rules.refused === undefined ? {} : { refusedBecause: rules.refused }),
    }),
  };
}
