import { messageOf } from '@sallyport/platform/errors';
import { createOggOpus, maxOpusPacketBytes } from './ogg-opus.ts';
import { spawnDecoder } from './spawn-decoder.ts';

/** Packets of Opus in; 16-bit PCM at 16 kHz, one channel, out. */
export type SoundDecoder = {
  /** Dropped when it can be none of Opus, or what waits is too much already. */
  write(packet: Uint8Array): void;
  close(): void;
};

export type SoundDecoderNeeds = {
  /** The program. */
  readonly ffmpeg: string;
  /** Half a second each. */
  readonly onSound: (pcm: Uint8Array) => void;
  /** It ended, not by `close`. */
  readonly onEnd: (reason: string) => void;
};

/** Half a second. */
export const soundBytes = 16_000;
const maxWaitingBytes = 256 * 1024;
const maxErrorLength = 500;

/** As the decoder of pictures: a process of its own that may use its pipes and nothing else. */
export function createSoundDecoder({ ffmpeg, onSound, onEnd }: SoundDecoderNeeds): SoundDecoder {
  const child = spawnDecoder(ffmpeg, ffmpegArguments, 3);
  const ogg = createOggOpus();
  let held = Buffer.alloc(0);
  let said = '';
  let isOver = false;

  const end = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    child.kill('SIGKILL');
    onEnd(reason);
  };

  child.once('error', (error) => end(messageOf(error)));
  child.once('close', () => end(said === '' ? 'the decoder ended' : said));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-maxErrorLength);
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write(ogg.header());
  child.stdout.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    while (!isOver && held.length >= soundBytes) {
      onSound(held.subarray(0, soundBytes));
      held = held.subarray(soundBytes);
    }
  });

  return {
    write(packet) {
      if (isOver || packet.length > maxOpusPacketBytes || child.stdin.writableLength > maxWaitingBytes) return;
      child.stdin.write(ogg.page(packet));
    },
    close() {
      isOver = true;
      child.kill('SIGKILL');
    },
  };
}

const ffmpegArguments = (
  '-hide_banner -loglevel error -max_alloc 16777216 -threads 1 -analyzeduration 1 -probesize 32' +
  ' -protocol_whitelist pipe -f ogg -i pipe:0 -vn -sn -dn -map 0:a:0' +
  ' -ac 1 -ar 16000 -c:a pcm_s16le -flush_packets 1 -f s16le pipe:1'
).split(' ');
