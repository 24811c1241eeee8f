import type { Duplex } from 'node:stream';
import { createFramePeer } from '@sallyport/platform/frames';
import type { FrameBody } from '@sallyport/platform/frames';
import { createIncomingVideo } from './incoming-video.ts';
import { createPictureDecoder } from './picture-decoder.ts';
import { createRtpOrder } from './rtp-order.ts';
import { createSoundDecoder } from './sound-decoder.ts';
import type { VideoCodec } from './video-frame.ts';
import { readOpen } from './webrtc-protocol.ts';
import { openWebrtcPeer } from './webrtc-peer.ts';

export type RunWebrtcNeeds = {
  /** The connection to the server; when it ends, so does the process. */
  readonly stream: Duplex;
  /** The program that decodes. */
  readonly ffmpeg: string;
  readonly monotonicMs: () => number;
  readonly random: (length: number) => Uint8Array;
  /** Memory that this process takes. */
  readonly residentBytes: () => number;
  /** Runs `task` every `intervalMs`. */
  readonly every: (intervalMs: number, task: () => void) => void;
  readonly exit: () => void;
};

const lookMs = 250;
/** Four times what it takes: whoever can fill it has found something. */
const mostResidentBytes = 512 * 1024 * 1024;
/** Half a second each: when the server takes no more, the newest is left out. */
const mostSoundsUntaken = 4;

/**
 * The process of one sender by WebRTC. Answers `open` once, then tells `picture` (JPEG, with how long ago its first packet
 * came) and `sound` (PCM); of pictures one is under way, and the newest goes when the server has `taken` it. Tells `ended`
 * with the reason, and ends.
 */
export function runWebrtc(needs: RunWebrtcNeeds): void {
  const { ffmpeg, monotonicMs, random } = needs;
  let session: { look(): void; close(): void } | undefined;
  let waiting: { readonly jpeg: Uint8Array; readonly atMs: number } | undefined;
  let isTaken = true;
  let untakenSounds = 0;
  const peer = createFramePeer(needs.stream, { open: (request) => open(request) });

  function sendPicture(): void {
    if (!isTaken || waiting === undefined) return;
    const { jpeg, atMs } = waiting;
    waiting = undefined;
    isTaken = false;
    peer.notify('picture', { head: { age_ms: Math.max(0, monotonicMs() - atMs) }, payload: jpeg });
  }

  const end = (reason: string): void => {
    peer.notify('ended', { head: { reason } });
    session?.close();
    peer.close();
  };

  async function open({ head }: FrameBody): Promise<FrameBody> {
    const request = readOpen(head);
    const codec = request.offer.media.map((media) => media.codec).find((each) => each !== 'opus');
    if (codec === undefined || session !== undefined) throw new TypeError('Cannot open: once, and with video');
    const video = createVideo(codec, () => connection.askForKey());
    const sound = createSound();
    // Packets come when it is answered, not before.
    const connection = await openWebrtcPeer({
      ...request,
      random,
      monotonicMs,
      onPacket: (kind, packet) => (kind === 'video' ? video.push(packet) : sound.push(packet)),
      onEnd: end,
    });
    session = {
      look() {
        video.look();
        connection.look();
      },
      close() {
        video.close();
        sound.close();
        connection.close();
      },
    };
    return { head: { answer: connection.answer } };
  }

  function createVideo(codec: VideoCodec, askForKey: () => void) {
    const decoder = createPictureDecoder({
      ffmpeg,
      codec,
      onPicture(jpeg, atMs) {
        waiting = { jpeg, atMs };
        sendPicture();
      },
      onEnd: end,
    });
    return { ...createIncomingVideo({ codec, decoder, monotonicMs, askForKey }), close: () => decoder.close() };
  }

  /** Begun with its first packet: most cameras have none. */
  function createSound() {
    const order = createRtpOrder();
    let decoder: ReturnType<typeof createSoundDecoder> | undefined;
    const onSound = (pcm: Uint8Array): void => {
      if (untakenSounds >= mostSoundsUntaken) return;
      untakenSounds += 1;
      peer.notify('sound', { head: {}, payload: pcm });
    };
    return {
      push(packet: Parameters<typeof order.push>[0]) {
        for (const each of order.push(packet, monotonicMs())) {
          if (each === 'lost' || each.payload.length === 0) continue;
          decoder ??= createSoundDecoder({ ffmpeg, onSound, onEnd: () => undefined });
          decoder.write(each.payload);
        }
      },
      close: () => decoder?.close(),
    };
  }

  peer.on('taken', () => {
    isTaken = true;
    sendPicture();
  });
  peer.on('sound_taken', () => {
    untakenSounds -= 1;
  });
  peer.on('close', () => end('closed'));
  needs.every(lookMs, () => {
    if (needs.residentBytes() > mostResidentBytes) end('it took more memory than it may');
    else session?.look();
  });
  void peer.closed.then(() => {
    session?.close();
    needs.exit();
  });
}
