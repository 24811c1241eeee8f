import type { VideoCodec } from './video-frame.ts';

const fourCodes: Readonly<Record<VideoCodec, string>> = { H264: 'H264', VP8: 'VP80' };
const headerBytes = 32;
const frameHeaderBytes = 12;

/** The header of IVF, the simplest container there is; times are in milliseconds. Sizes stand in the pictures themselves. */
export function ivfHeader(codec: VideoCodec): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write('DKIF', 0, 'latin1');
  header.writeUInt16LE(headerBytes, 6);
  header.write(fourCodes[codec], 8, 'latin1');
  header.writeUInt32LE(1000, 16);
  header.writeUInt32LE(1, 20);
  return header;
}

/** What stands before each picture. */
export function ivfFrameHeader(length: number, timeMs: number): Buffer {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt32LE(length, 0);
  header.writeBigUInt64LE(BigInt(Math.round(timeMs)), 4);
  return header;
}
