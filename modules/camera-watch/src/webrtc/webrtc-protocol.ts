import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { CodedError } from '@sallyport/platform/errors';
import type { Offer, OfferedMedia } from './sdp-offer.ts';
import { videoCodecs } from './video-frame.ts';

// What the server and a process that speaks WebRTC say to each other. The process reads what a hostile sender sends and may
// have been taken over by it: the server reads its words as a stranger's.

/** Where a process is to be reached. */
export type MediaAddress = {
  /** Of this machine: the only one it listens on. */
  readonly host: string;
  /** What the sender is told instead, where this machine is reached by another one. */
  readonly announced: string | undefined;
  readonly ports: { readonly from: number; readonly to: number };
};

export type OpenRequest = { readonly offer: Offer; readonly address: MediaAddress };

export const maxAnswerLength = 32 * 1024;

export function formatOpen({ offer, address }: OpenRequest): JsonObject {
  return {
    ufrag: offer.ufrag,
    password: offer.password,
    fingerprint: offer.fingerprint,
    media: offer.media.map(({ parameters, feedback, ...media }) => ({
      ...media,
      parameters: parameters ?? null,
      feedback: [...feedback],
    })),
    host: address.host,
    announced: address.announced ?? null,
    port_from: address.ports.from,
    port_to: address.ports.to,
  };
}

/** What the server says is taken at its word; only its shape is made sure of. */
export function readOpen(head: JsonObject): OpenRequest {
  const { media, announced } = head;
  if (!isList(media)) throw unreadable();
  return {
    offer: {
      ufrag: textOf(head['ufrag']),
      password: textOf(head['password']),
      fingerprint: textOf(head['fingerprint']),
      media: media.map(readMedia),
    },
    address: {
      host: textOf(head['host']),
      announced: typeof announced === 'string' ? announced : undefined,
      ports: { from: numberOf(head['port_from']), to: numberOf(head['port_to']) },
    },
  };
}

function readMedia(media: JsonValue): OfferedMedia {
  if (!isJsonObject(media)) throw unreadable();
  const { parameters, feedback } = media;
  const codec = videoCodecs.find((each) => each === media['codec']) ?? 'opus';
  return {
    kind: codec === 'opus' ? 'audio' : 'video',
    mid: textOf(media['mid']),
    codec,
    payloadType: numberOf(media['payloadType']),
    parameters: typeof parameters === 'string' ? parameters : undefined,
    feedback: isList(feedback) ? feedback.map((each) => textOf(each)) : [],
    source: numberOf(media['source']),
  };
}

function isList(value: JsonValue | undefined): value is JsonValue[] {
  return Array.isArray(value);
}

function numberOf(value: JsonValue | undefined): number {
  if (typeof value !== 'number') throw unreadable();
  return value;
}

function unreadable(): CodedError {
  return new CodedError('open_invalid', 'Cannot read what the server asks for');
}
