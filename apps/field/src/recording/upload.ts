import { deviceProofText, textOf } from '@sallyport/contracts';
import { decodeSegment, segmentStatement } from '@sallyport/segment-format';
import { toBase64Url, toHex } from '../identity/base64url.ts';
import type { ServerApi } from '../identity/server-api.ts';

/** What became of one late segment. */
export type UploadOutcome =
  /** The server keeps it, had that time already, or has given up what is as old. */
  | 'kept'
  /** It will never take it. */
  | 'refused'
  /** Our token is not good any more. */
  | 'token_refused'
  /** The server is about to keep that time itself, or has no room at this moment. */
  | 'busy'
  /** Not now. */
  | 'later';

/** What the server says of a segment it will not take tomorrow either. */
const forGood = new Set(['segment_conflict', 'segment_invalid', 'segment_signature_invalid']);
const pieceBytes = 512 * 1024;
/** More questions than pieces mean that the two sides do not agree. */
const maxQuestions = 200;

/**
 * Sends a segment the server lacks, signed by this phone, in pieces small enough to leave room for the live picture. The
 * server says how much it has, so that what was cut off goes on where it stopped.
 */
export function createUpload(needs: {
  readonly ask: ServerApi;
  readonly camera: string;
  /** `location.host`. */
  readonly host: string;
  readonly signingKey: CryptoKey;
  readonly subtle: Pick<SubtleCrypto, 'sign' | 'digest'>;
}): (plain: Uint8Array<ArrayBuffer>, token: string, signal: AbortSignal) => Promise<UploadOutcome> {
  const { ask, camera, host, signingKey, subtle } = needs;
  return async (plain, token, signal) => {
    const { startedMs, endedMs } = decodeSegment(plain);
    const plainSha256 = toHex(new Uint8Array(await subtle.digest('SHA-256', plain)));
    const statement = segmentStatement({ camera, startedMs, endedMs, plainSha256 });
    const signature = await subtle.sign(
      { name: 'ECDSA', hash: 'SHA-256' },
      signingKey,
      new TextEncoder().encode(deviceProofText({ purpose: 'segment', host, value: statement })),
    );
    const query = new URLSearchParams({
      started_ms: String(startedMs),
      ended_ms: String(endedMs),
      plain_sha256: plainSha256,
      signature: toBase64Url(new Uint8Array(signature)),
      bytes: String(plain.length),
    });
    let offset = 0;
    for (let questions = 0; questions < maxQuestions && !signal.aborted; questions += 1) {
      const answer = await ask({
        path: `/v1/cameras/segments?${query}&offset=${offset}`,
        // First without a byte: most of what was sent before the line broke the server has.
        bytes: plain.slice(offset, questions === 0 ? offset : offset + pieceBytes),
        token,
      });
      if (answer.kind === 'unreachable') return 'later';
      if (answer.kind === 'refused') {
        if (answer.status === 401 || answer.status === 403) return 'token_refused';
        if (answer.code === 'uploads_busy') return 'busy';
        return forGood.has(answer.code) ? 'refused' : 'later';
      }
      const state = textOf(answer.body['state']);
      if (state === 'kept' || state === 'covered' || state === 'expired') return 'kept';
      const received = answer.body['received_bytes'];
      if (state !== 'partial' || typeof received !== 'number' || received > plain.length) return 'later';
      offset = received;
    }
    return 'later';
  };
}
