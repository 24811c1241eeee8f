/** Opus packets as a stream of Ogg pages (RFC 3533, RFC 7845), one packet a page, so that each can be heard at once. */
export type OggOpus = {
  /** Before all packets. */
  header(): Uint8Array;
  /** At most `maxOpusPacketBytes`; throws a `TypeError` for more. */
  page(packet: Uint8Array): Uint8Array;
};

const serial = 1;
/** Three frames of 1,275 bytes, the most that WebRTC puts into one (RFC 6716 section 3). */
export const maxOpusPacketBytes = 3825;
const frameSamples = 960;

export function createOggOpus(): OggOpus {
  let sequence = 0;
  let position = 0n;

  const write = (content: Uint8Array, flags: number): Buffer => {
    const segments = Math.floor(content.length / 255) + 1;
    const page = Buffer.alloc(27 + segments + content.length);
    page.write('OggS', 0, 'latin1');
    page.writeUInt8(flags, 5);
    page.writeBigUInt64LE(position, 6);
    page.writeUInt32LE(serial, 14);
    page.writeUInt32LE(sequence, 18);
    page.writeUInt8(segments, 26);
    page.fill(255, 27, 27 + segments - 1);
    page.writeUInt8(content.length % 255, 27 + segments - 1);
    page.set(content, 27 + segments);
    page.writeUInt32LE(oggChecksum(page), 22);
    sequence += 1;
    return page;
  };

  return {
    header() {
      const head = Buffer.alloc(19);
      head.write('OpusHead', 0, 'latin1');
      head.writeUInt8(1, 8);
      // Two channels at 48 kHz: what WebRTC says of Opus, whatever is in it.
      head.writeUInt8(2, 9);
      head.writeUInt32LE(48_000, 12);
      const tags = Buffer.alloc(16);
      tags.write('OpusTags', 0, 'latin1');
      return Buffer.concat([write(head, 2), write(tags, 0)]);
    },
    page(packet) {
      if (packet.length > maxOpusPacketBytes) throw new TypeError('Cannot write the packet: it is no packet of Opus');
      position += BigInt(frameSamples);
      return write(packet, 0);
    },
  };
}

const table = Uint32Array.from({ length: 256 }, (_value, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 0x80000000) === 0 ? value << 1 : (value << 1) ^ 0x04c11db7;
  return value >>> 0;
});

/** CRC-32 of polynomial 0x04c11db7, not reflected (RFC 3533 section 6), with the field itself as zero. */
function oggChecksum(page: Uint8Array): number {
  let sum = 0;
  for (const byte of page) sum = ((sum << 8) ^ (table[((sum >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
  return sum;
}
