import type { RtpPacket } from './rtp-packet.ts';

/** Codecs that are understood, by their names in SDP. */
export const videoCodecs = ['H264', 'VP8'] as const;
export type VideoCodec = (typeof videoCodecs)[number];

/** One encoded picture. */
export type VideoFrame = {
  readonly bytes: Uint8Array;
  /** It can be decoded without those before it. */
  readonly isKey: boolean;
};

/**
 * Puts encoded pictures together from packets in order. `broken`: what came cannot be one, and nothing is of use until the
 * next key picture. Holds at most one picture of at most `maxVideoFrameBytes`; never throws.
 */
export type VideoAssembler = {
  push(packet: RtpPacket): VideoFrame | 'broken' | undefined;
  /** Forgets what was begun. */
  reset(): void;
};

export const maxVideoFrameBytes = 4 * 1024 * 1024;
