import { deviceFingerprint, deviceKeyText, deviceProofText, textOf } from '@sallyport/contracts';
import { toBase64Url } from './base64url.ts';
import type { Identity, KeyStore, PhoneKeys } from './key-store.ts';
import type { Answer, ServerApi } from './server-api.ts';

export type EnrolmentOutcome =
  | { readonly kind: 'enrolled'; readonly keys: PhoneKeys; readonly identity: Identity }
  /** The code is wrong, too old or withdrawn. */
  | { readonly kind: 'code_over' }
  /** Another device came first with this code. */
  | { readonly kind: 'code_used' }
  | { readonly kind: 'server_full' }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unreachable' }
  /** The browser keeps no keys, as in a private window of some. */
  | { readonly kind: 'keys_refused' };

/** Makes the keys, shows the public one to the server with the code, and keeps what came of it. */
export function createEnrolment(needs: {
  readonly ask: ServerApi;
  readonly keyStore: KeyStore;
  readonly subtle: Pick<SubtleCrypto, 'sign' | 'exportKey' | 'digest'>;
  readonly host: string;
  readonly platform: string;
}): (code: string) => Promise<EnrolmentOutcome> {
  const { ask, keyStore, subtle, host, platform } = needs;
  /** An answer may be lost on its way: the same code is tried again with the same keys. */
  let made: { readonly code: string; readonly keys: PhoneKeys } | undefined;
  return async (code) => {
    try {
      if (made?.code !== code) made = { code, keys: await keyStore.makeKeys() };
    } catch {
      return { kind: 'keys_refused' };
    }
    const { keys } = made;
    const { x = '', y = '' } = await subtle.exportKey('jwk', keys.signing.publicKey);
    const signature = await subtle.sign(
      { name: 'ECDSA', hash: 'SHA-256' },
      keys.signing.privateKey,
      new TextEncoder().encode(deviceProofText({ purpose: 'enrol', host, value: code })),
    );
    const answer = await ask({
      path: '/v1/devices/enrol',
      json: {
        code,
        public_key: { kty: 'EC', crv: 'P-256', x, y },
        signature: toBase64Url(new Uint8Array(signature)),
        about: { platform },
      },
    });
    if (answer.kind !== 'ok') return refusalOf(answer);
    const deviceId = textOf(answer.body['device_id']);
    if (deviceId === '') return { kind: 'unreachable' };
    // Ours, not the one in the answer: somebody in between could have put another key in its place.
    const digest = await subtle.digest('SHA-256', new TextEncoder().encode(deviceKeyText({ x, y })));
    const identity = { deviceId, fingerprint: deviceFingerprint(new Uint8Array(digest)) };
    try {
      await keyStore.keep(keys, identity);
    } catch {
      return { kind: 'keys_refused' };
    }
    return { kind: 'enrolled', keys, identity };
  };
}

function refusalOf(answer: Exclude<Answer, { kind: 'ok' }>): EnrolmentOutcome {
  if (answer.kind === 'unreachable' || answer.status >= 500 || answer.status === 429) return { kind: 'unreachable' };
  switch (answer.code) {
    case 'enrolment_unknown':
      return { kind: 'code_over' };
    case 'enrolment_used':
      return { kind: 'code_used' };
    case 'device_limit_reached':
      return { kind: 'server_full' };
    default:
      return { kind: 'refused', code: answer.code };
  }
}

/** The code of a link that ends in `#enrol=CODE`; undefined when there is none. */
export function codeOfLink(hash: string): string | undefined {
  const code = new URLSearchParams(hash.replace(/^#/, '')).get('enrol')?.trim();
  return code === undefined || !/^[\w-]{6,128}$/.test(code) ? undefined : code;
}
