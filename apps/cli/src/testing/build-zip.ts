import { crc32, deflateRawSync } from 'node:zlib';

export type ZipInput = {
  readonly name: string;
  readonly content: Buffer | string;
  readonly claimedBytes?: number;
  readonly unixMode?: number;
};

/** A zip of deflated members, written by hand so that tests can also make it lie about a size. */
export function buildZip(members: readonly ZipInput[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  const deflated = new Map<Buffer | string, { readonly packed: Buffer; readonly sum: number }>();
  for (const { name, content, claimedBytes, unixMode = 0 } of members) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    // Members that share their content are deflated once: tests make archives that swell.
    const { packed, sum } = deflated.get(content) ?? { packed: deflateRawSync(bytes, { level: 9 }), sum: crc32(bytes) };
    deflated.set(content, { packed, sum });
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(0x0800, 2);
    shared.writeUInt16LE(8, 4);
    shared.writeUInt32LE(sum, 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(claimedBytes ?? bytes.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt16LE(unixMode, 8);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, tail, Buffer.from(name));
    locals.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, listed, end]);
}
