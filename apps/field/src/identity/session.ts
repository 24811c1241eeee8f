import { deviceProofText, isJsonObject, textOf } from '@sallyport/contracts';
import { toBase64Url } from './base64url.ts';
import type { Identity, PhoneKeys } from './key-store.ts';
import type { Answer, ServerApi } from './server-api.ts';

/** Where the server stands towards this phone. */
export type Standing =
  | { readonly kind: 'approved'; readonly token: string; readonly device: KnownDevice }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'revoked' }
  /** The server does not take this phone's proof: it knows no such phone, as after it was set up anew. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unreachable' };

/** As people at the server call it. */
export type KnownDevice = { readonly name: string; readonly place: string; readonly site: string };

export type Session = {
  /** A token that is good for two more minutes; asks the server when there is none. One question at a time. */
  standing(): Promise<Standing>;
  /** What we have is not good any more. */
  forget(): void;
};

const reserveMs = 120_000;

/** Proves the key over a number the server has just made up (`deviceProofText`), and gets ten minutes for it. */
export function createSession(needs: {
  readonly ask: ServerApi;
  readonly keys: PhoneKeys;
  readonly identity: Identity;
  readonly host: string;
  readonly subtle: Pick<SubtleCrypto, 'sign'>;
  readonly nowMs: () => number;
}): Session {
  const { ask, keys, identity, host, subtle, nowMs } = needs;
  let open: { readonly standing: Standing; readonly untilMs: number } | undefined;
  let underWay: Promise<Standing> | undefined;

  async function prove(): Promise<Standing> {
    const { deviceId } = identity;
    const askedMs = nowMs();
    const challenge = await ask({ path: '/v1/devices/challenge', json: { device_id: deviceId } });
    if (challenge.kind !== 'ok') return standingOf(challenge);
    const nonce = textOf(challenge.body['nonce']);
    const signature = await subtle.sign(
      { name: 'ECDSA', hash: 'SHA-256' },
      keys.signing.privateKey,
      new TextEncoder().encode(deviceProofText({ purpose: 'session', host, value: nonce })),
    );
    const answer = await ask({
      path: '/v1/devices/session',
      json: { device_id: deviceId, nonce, signature: toBase64Url(new Uint8Array(signature)) },
    });
    if (answer.kind !== 'ok') return standingOf(answer);
    const { token, device = {} } = answer.body;
    const known = isJsonObject(device) ? device : {};
    const standing: Standing = {
      kind: 'approved',
      token: textOf(token),
      device: { name: textOf(known['name']), place: textOf(known['place']), site: textOf(known['site']) },
    };
    // Its end is told by the server's clock, which may not be ours: ten minutes from when we asked.
    open = { standing, untilMs: askedMs + 600_000 - reserveMs };
    return standing;
  }

  return {
    async standing() {
      if (open !== undefined && nowMs() < open.untilMs) return open.standing;
      underWay ??= prove()
        // A browser that cannot sign just now is tried again, like a server that does not answer.
        .catch((): Standing => ({ kind: 'unreachable' }))
        .finally(() => (underWay = undefined));
      return underWay;
    },
    forget() {
      open = undefined;
    },
  };
}

/** Only the server's own words end anything: whatever else goes wrong is tried again. */
function standingOf(answer: Exclude<Answer, { kind: 'ok' }>): Standing {
  if (answer.kind === 'unreachable') return answer;
  switch (answer.code) {
    case 'device_waiting':
      return { kind: 'waiting' };
    case 'device_revoked':
      return { kind: 'revoked' };
    case 'device_proof_wrong':
      return { kind: 'unknown' };
    default:
      return { kind: 'unreachable' };
  }
}
