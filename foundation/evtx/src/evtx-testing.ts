// Writes event logs for tests: an own writer of the format, so that what is read back was not written by the reader's author's eyes alone:
// names and templates are written once a chunk and referred to, as Windows does.
import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';

export type WrittenValue = { readonly type: number; readonly bytes: Buffer };

export const written = {
  nothing: (): WrittenValue => ({ type: 0, bytes: Buffer.alloc(0) }),
  string: (text: string): WrittenValue => ({ type: 1, bytes: Buffer.from(text, 'utf16le') }),
  strings: (texts: readonly string[]): WrittenValue => ({
    type: 0x81,
    bytes: Buffer.from(texts.map((text) => `${text}\0`).join(''), 'utf16le'),
  }),
  uint8: (value: number): WrittenValue => ({ type: 4, bytes: Buffer.from([value]) }),
  uint16: (value: number): WrittenValue => ({ type: 6, bytes: little(value, 2) }),
  int32: (value: number): WrittenValue => ({ type: 7, bytes: little(value >>> 0, 4) }),
  uint32: (value: number): WrittenValue => ({ type: 8, bytes: little(value, 4) }),
  uint64: (value: bigint): WrittenValue => ({ type: 10, bytes: little64(value) }),
  hexInt64: (value: bigint): WrittenValue => ({ type: 0x15, bytes: little64(value) }),
  fileTime: (ticks: bigint): WrittenValue => ({ type: 0x11, bytes: little64(ticks) }),
  raw: (type: number, hex: string): WrittenValue => ({ type, bytes: Buffer.from(hex.replaceAll(' ', ''), 'hex') }),
};

function little(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, size);
  return bytes;
}

function little64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

export type WrittenContent =
  | string
  | { readonly place: number; readonly isOptional?: boolean }
  | { readonly entity: string }
  | { readonly character: number }
  | { readonly cdata: string }
  | { readonly instruction: readonly [string, string] }
  | WrittenElement;

export type WrittenElement = {
  readonly name: string;
  readonly attributes?: readonly (readonly [string, readonly WrittenContent[]])[];
  readonly content?: readonly WrittenContent[];
  readonly dependency?: number;
};

/** A place to write a chunk's bytes at; also for bytes no honest writer writes. */
export type ChunkWriter = {
  readonly bytes: Buffer;
  position: number;
  number(value: number, size: number): void;
  raw(bytes: Uint8Array): void;
  name(name: string): void;
  element(element: WrittenElement, isTemplate: boolean): void;
  /** The template is written at its first use. */
  instance(template: WrittenElement, values: readonly (WrittenValue | ((writer: ChunkWriter) => void))[]): void;
  fragmentHeader(): void;
};

function createChunkWriter(): ChunkWriter {
  const bytes = Buffer.alloc(65_536);
  const names = new Map<string, number>();
  const templates = new Map<WrittenElement, number>();

  const writer: ChunkWriter = {
    bytes,
    position: 512,
    number(value, size) {
      bytes.writeUIntLE(value, writer.position, size);
      writer.position += size;
    },
    raw(piece) {
      bytes.set(piece, writer.position);
      writer.position += piece.length;
    },
    name(name) {
      const known = names.get(name);
      writer.number(known ?? writer.position + 4, 4);
      if (known !== undefined) return;
      names.set(name, writer.position);
      writer.number(0, 4);
      writer.number(0xbeef, 2);
      writer.number(name.length, 2);
      writer.raw(Buffer.from(`${name}\0`, 'utf16le'));
    },
    element(element, isTemplate) {
      const { attributes = [], content } = element;
      writer.number(attributes.length > 0 ? 0x41 : 0x01, 1);
      if (isTemplate) writer.number(element.dependency ?? 0xffff, 2);
      const start = skip(4);
      writer.name(element.name);
      if (attributes.length > 0) writeAttributes(attributes, isTemplate);
      if (content === undefined) {
        writer.number(0x03, 1);
      } else {
        writer.number(0x02, 1);
        for (const part of content) writeContent(part, isTemplate);
        writer.number(0x04, 1);
      }
      bytes.writeUInt32LE(writer.position - start - 4, start);
    },
    instance(template, values) {
      writer.number(0x0c, 1);
      writer.number(1, 1);
      writer.number(0x1234, 4);
      writeTemplate(template);
      writer.number(values.length, 4);
      const descriptors = skip(values.length * 4);
      for (const [index, value] of values.entries()) {
        const start = writer.position;
        if (typeof value === 'function') value(writer);
        else writer.raw(value.bytes);
        bytes.writeUInt16LE(writer.position - start, descriptors + index * 4);
        bytes[descriptors + index * 4 + 2] = typeof value === 'function' ? 0x21 : value.type;
      }
    },
    fragmentHeader: () => writer.raw(Buffer.from([0x0f, 1, 1, 0])),
  };

  function skip(size: number): number {
    writer.position += size;
    return writer.position - size;
  }

  function writeTemplate(template: WrittenElement): void {
    const known = templates.get(template);
    writer.number(known ?? writer.position + 4, 4);
    if (known !== undefined) return;
    templates.set(template, writer.position);
    writer.raw(Buffer.alloc(20));
    const start = skip(4);
    writer.fragmentHeader();
    writer.element(template, true);
    writer.number(0, 1);
    bytes.writeUInt32LE(writer.position - start - 4, start);
  }

  function writeAttributes(attributes: NonNullable<WrittenElement['attributes']>, isTemplate: boolean): void {
    const start = skip(4);
    for (const [index, [name, content]] of attributes.entries()) {
      writer.number(index < attributes.length - 1 ? 0x46 : 0x06, 1);
      writer.name(name);
      for (const part of content) writeContent(part, isTemplate);
    }
    bytes.writeUInt32LE(writer.position - start - 4, start);
  }

  function writeText(token: number, text: string): void {
    for (const byte of token === 0x05 ? [0x05, 0x01] : [token]) writer.number(byte, 1);
    writer.number(text.length, 2);
    writer.raw(Buffer.from(text, 'utf16le'));
  }

  function writeContent(part: WrittenContent, isTemplate: boolean): void {
    if (typeof part === 'string') {
      writeText(0x05, part);
    } else if ('place' in part) {
      writer.number(part.isOptional === true ? 0x0e : 0x0d, 1);
      writer.number(part.place, 2);
      writer.number(0x01, 1);
    } else if ('entity' in part) {
      writer.number(0x49, 1);
      writer.name(part.entity);
    } else if ('character' in part) {
      writer.number(0x48, 1);
      writer.number(part.character, 2);
    } else if ('cdata' in part) {
      writeText(0x47, part.cdata);
    } else if ('instruction' in part) {
      writer.number(0x0a, 1);
      writer.name(part.instruction[0]);
      writeText(0x0b, part.instruction[1]);
    } else {
      writer.element(part, isTemplate);
    }
  }

  return writer;
}

export type WrittenRecord = {
  readonly id: bigint;
  readonly ticks?: bigint;
  readonly body: (writer: ChunkWriter) => void;
};

/** 2025-11-27T07:40:10.1653240Z */
const someTicks = 134_087_028_101_653_240n;

/** Writes a record at the writer's place and gives where it begins. */
function writeRecord(writer: ChunkWriter, { id, ticks = someTicks, body }: WrittenRecord): number {
  const start = writer.position;
  writer.raw(Buffer.from('**\0\0', 'latin1'));
  writer.number(0, 4);
  writer.raw(little64(id));
  writer.raw(little64(ticks));
  writer.fragmentHeader();
  body(writer);
  writer.number(0, 1);
  const size = (writer.position + 4 - start + 7) & ~7;
  writer.position = start + size;
  writer.bytes.writeUInt32LE(size, start + 4);
  writer.bytes.writeUInt32LE(size, start + size - 4);
  return start;
}

/** Fills in the header of a chunk that holds `records`, checksums last. */
export function writeChunk(records: readonly WrittenRecord[]): Buffer {
  const writer = createChunkWriter();
  let last = 512;
  for (const record of records) last = writeRecord(writer, record);
  const { bytes } = writer;
  bytes.write('ElfChnk\0', 'latin1');
  const ids = [records.at(0)?.id ?? 0n, records.at(-1)?.id ?? 0n];
  for (const [index, id] of [...ids, ...ids].entries()) bytes.writeBigUInt64LE(id, 8 + index * 8);
  bytes.writeUInt32LE(128, 40);
  bytes.writeUInt32LE(last, 44);
  bytes.writeUInt32LE(writer.position, 48);
  sealChunk(bytes);
  return bytes;
}

/** Makes both checksums of a chunk hold again. */
export function sealChunk(bytes: Buffer): void {
  bytes.writeUInt32LE(crc32(bytes.subarray(512, bytes.readUInt32LE(48))), 52);
  bytes.writeUInt32LE(crc32(bytes.subarray(128, 512), crc32(bytes.subarray(0, 120))), 124);
}

export function writeLog(chunks: readonly Buffer[], options: { flags?: number; chunkCount?: number } = {}): Buffer {
  const header = Buffer.alloc(4096);
  header.write('ElfFile\0', 'latin1');
  header.writeBigUInt64LE(BigInt(Math.max(0, chunks.length - 1)), 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeUInt32LE(128, 32);
  header.writeUInt16LE(1, 36);
  header.writeUInt16LE(3, 38);
  header.writeUInt16LE(4096, 40);
  header.writeUInt16LE(options.chunkCount ?? chunks.length, 42);
  header.writeUInt32LE(options.flags ?? 0, 120);
  header.writeUInt32LE(crc32(header.subarray(0, 120)), 124);
  return Buffer.concat([header, ...chunks]);
}

/** The template of the events `someRecord` writes. */
const eventTemplate: WrittenElement = {
  name: 'Event',
  attributes: [['xmlns', ['http://schemas.microsoft.com/win/2004/08/events/event']]],
  content: [
    {
      name: 'System',
      content: [
        { name: 'Provider', attributes: [['Name', ['Test']]] },
        { name: 'EventID', content: [{ place: 0, isOptional: true }] },
      ],
    },
    {
      name: 'EventData',
      content: [{ name: 'Data', attributes: [['Name', ['Text']]], content: [{ place: 1 }] }],
    },
  ],
};

/** An ordinary small event whose one datum is `text`. */
export function someRecord(id: number, text: string): WrittenRecord {
  return {
    id: BigInt(id),
    body: (writer) => writer.instance(eventTemplate, [written.uint16(id % 65_536), written.string(text)]),
  };
}
