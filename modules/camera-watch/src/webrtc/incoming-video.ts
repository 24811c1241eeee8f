import { createH264Frames } from './h264-frames.ts';
import type { PictureDecoder } from './picture-decoder.ts';
import { createRtpOrder } from './rtp-order.ts';
import type { RtpPacket } from './rtp-packet.ts';
import type { VideoAssembler, VideoCodec } from './video-frame.ts';
import { createVp8Frames } from './vp8-frames.ts';

/** One stream of video: from packets to a decoder. Whatever cannot go on waits for a key picture, and asks for one. */
export type IncomingVideo = {
  push(packet: RtpPacket): void;
  /** To be called now and then: asks again when no key picture came. */
  look(): void;
};

/** How long a sender may take to answer a request for a key picture. */
const askAgainMs = 1000;

const assemblers: Readonly<Record<VideoCodec, () => VideoAssembler>> = {
  H264: createH264Frames,
  VP8: createVp8Frames,
};

export function createIncomingVideo(needs: {
  readonly codec: VideoCodec;
  readonly decoder: Pick<PictureDecoder, 'write'>;
  readonly monotonicMs: () => number;
  /** Asks the sender for a key picture (PLI, RFC 4585 section 6.3.1). */
  readonly askForKey: () => void;
}): IncomingVideo {
  const { decoder, monotonicMs } = needs;
  const order = createRtpOrder();
  const assembler = assemblers[needs.codec]();
  let needsKey = true;
  let askedMs = Number.NEGATIVE_INFINITY;
  /** Of the picture that is being put together. */
  let begun: { readonly timestamp: number; readonly atMs: number } | undefined;

  function ask(): void {
    const nowMs = monotonicMs();
    if (nowMs - askedMs < askAgainMs) return;
    askedMs = nowMs;
    needs.askForKey();
  }

  function waitForKey(): void {
    assembler.reset();
    needsKey = true;
    ask();
  }

  function take(packet: RtpPacket, nowMs: number): void {
    if (begun?.timestamp !== packet.timestamp) begun = { timestamp: packet.timestamp, atMs: nowMs };
    const frame = assembler.push(packet);
    if (frame === undefined) return;
    if (frame === 'broken') {
      waitForKey();
      return;
    }
    if (needsKey && !frame.isKey) {
      ask();
      return;
    }
    // A decoder that does not keep up gets the newest later, from a key picture on.
    needsKey = !decoder.write(frame.bytes, begun.atMs);
    if (needsKey) ask();
  }

  return {
    push(packet) {
      const nowMs = monotonicMs();
      for (const each of order.push(packet, nowMs)) {
        if (each === 'lost') waitForKey();
        else take(each, nowMs);
      }
    },
    look() {
      if (needsKey) ask();
    },
  };
}
