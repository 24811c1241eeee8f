import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { sealChunk, someRecord, writeChunk, writeLog } from './evtx-testing.ts';
import { createEvtxReader, readEvtx } from './index.ts';
import type { EvtxItem, EvtxOptions, EvtxRecord } from './index.ts';

function read(bytes: Uint8Array, options?: EvtxOptions): EvtxItem[] {
  const reader = createEvtxReader(options);
  return [...reader.push(bytes), ...reader.end()];
}

function records(items: readonly EvtxItem[]): EvtxRecord[] {
  return items.filter((item) => item.kind === 'record');
}

function ids(items: readonly EvtxItem[]): string[] {
  return records(items).map(({ recordId }) => recordId);
}

function codes(items: readonly EvtxItem[]): string[] {
  return items.flatMap((item) => (item.kind === 'damaged' ? [item.code] : []));
}

function chunkOf(first: number, last: number): Buffer {
  const wanted = [];
  for (let id = first; id <= last; id += 1) wanted.push(someRecord(id, `text ${id}`));
  return writeChunk(wanted);
}

const log = (): Buffer => writeLog([chunkOf(1, 5), chunkOf(6, 9)]);

test('a log is read in its order, with time to 100 ns, place and what the file says of itself', () => {
  const items = read(log());
  assert.deepEqual(codes(items), []);
  assert.deepEqual(ids(items), ['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  const [file, first] = items;
  assert.deepEqual(file, {
    kind: 'file',
    version: '3.1',
    isDirty: false,
    isFull: false,
    chunkCount: 2,
    oldestChunk: '0',
    nextRecordId: '1',
    isVerified: true,
  });
  assert.deepEqual(first, {
    kind: 'record',
    recordId: '1',
    writtenAt: '2025-11-27T07:40:10.1653240Z',
    offset: 4096 + 512,
    isVerified: true,
    event: {
      Event: {
        '#attributes': { xmlns: 'http://schemas.microsoft.com/win/2004/08/events/event' },
        System: { Provider: { '#attributes': { Name: 'Test' } }, EventID: 1 },
        EventData: { Text: 'text 1' },
      },
    },
  });
});

test('pieces of any size give what the whole gives', async () => {
  const bytes = log();
  const whole = read(bytes);
  for (const size of [1, 7, 4096, 65_535, 65_537]) {
    const reader = createEvtxReader();
    const items: EvtxItem[] = [];
    for (let at = 0; at < bytes.length; at += size) items.push(...reader.push(bytes.subarray(at, at + size)));
    items.push(...reader.end());
    assert.deepEqual(items, whole, `in pieces of ${size} bytes`);
  }
  const streamed: EvtxItem[] = [];
  for await (const item of readEvtx([bytes.subarray(0, 5000), bytes.subarray(5000)])) streamed.push(item);
  assert.deepEqual(streamed, whole);
});

test('a log that was not closed is read past what its headers count', () => {
  const unflushed = chunkOf(6, 9);
  const whole = chunkOf(6, 7);
  unflushed.set(whole.subarray(0, 512), 0);
  const items = read(writeLog([chunkOf(1, 5), unflushed], { flags: 1, chunkCount: 1 }));
  assert.deepEqual(ids(items), ['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  assert.deepEqual(codes(items), []);
  assert.deepEqual(
    records(items).map(({ isVerified }) => isVerified),
    [true, true, true, true, true, true, true, false, false],
  );
  assert.ok(items[0]?.kind === 'file' && items[0].isDirty);
});

test('what earlier use left behind the counted records of a chunk is not taken for new', () => {
  const chunk = chunkOf(6, 9);
  const old = chunkOf(1, 5);
  const end = chunk.readUInt32LE(48);
  chunk.set(old.subarray(512, 2048), end);
  assert.deepEqual(ids(read(writeLog([chunk]))), ['6', '7', '8', '9']);
});

test('a full log that went on at its beginning is read in the order of the file', () => {
  const items = read(writeLog([chunkOf(10, 14), chunkOf(1, 5), chunkOf(6, 9)]));
  assert.deepEqual(ids(items).slice(0, 6), ['10', '11', '12', '13', '14', '1']);
  assert.deepEqual(codes(items), []);
});

test('preallocated chunks of zeros are no damage; chunks that are missing are', () => {
  const zeros = Buffer.alloc(65_536 * 2);
  assert.deepEqual(codes(read(writeLog([chunkOf(1, 2), zeros], { chunkCount: 1 }))), []);
  assert.deepEqual(codes(read(writeLog([chunkOf(1, 2)], { chunkCount: 3 }))), ['chunks_missing']);
  assert.deepEqual(codes(read(writeLog([chunkOf(1, 2), chunkOf(7, 8)]))), ['records_missing']);
});

test('a changed byte is told and nothing it covers counts as verified', () => {
  const bytes = log();
  const text = bytes.indexOf(Buffer.from('text 3', 'utf16le'));
  bytes[text] = 'T'.charCodeAt(0);
  const items = read(bytes);
  assert.deepEqual(codes(items), ['chunk_records_checksum']);
  assert.deepEqual(records(items)[2]?.event['Event'], {
    '#attributes': { xmlns: 'http://schemas.microsoft.com/win/2004/08/events/event' },
    System: { Provider: { '#attributes': { Name: 'Test' } }, EventID: 3 },
    EventData: { Text: 'Text 3' },
  });
  assert.deepEqual(
    records(items).map(({ isVerified }) => isVerified),
    [false, false, false, false, false, true, true, true, true],
  );
});

/** Where the records of a chunk begin. */
function starts(chunk: Buffer): number[] {
  const found = [];
  for (let at = 512; at < chunk.readUInt32LE(48); at += chunk.readUInt32LE(at + 4)) found.push(at);
  return found;
}

test('a record whose signature, size or closing size is gone is still read, and its neighbours are', () => {
  const sound = chunkOf(1, 5);
  const third = starts(sound)[2] ?? 0;
  for (const at of [third, third + 4, third + sound.readUInt32LE(third + 4) - 4]) {
    const chunk = Buffer.from(sound);
    chunk.fill(0xff, at, at + 3);
    const items = read(writeLog([chunk]));
    assert.deepEqual(ids(items), ['1', '2', '3', '4', '5']);
    assert.deepEqual(codes(items), ['chunk_records_checksum', 'record_header']);
  }
});

test('a record that is nonsense is told with its number and costs no other', () => {
  const chunk = chunkOf(1, 5);
  const third = starts(chunk)[2] ?? 0;
  chunk.fill(0x66, third + 24, third + 60);
  const items = read(writeLog([chunk]));
  assert.deepEqual(ids(items), ['1', '2', '4', '5']);
  assert.deepEqual(codes(items), ['chunk_records_checksum', 'binxml_token']);
  chunk.fill(0x66, third, chunk.readUInt32LE(third + 4) + third);
  assert.deepEqual(ids(read(writeLog([chunk]))), ['1', '2', '4', '5']);
});

test('a wiped chunk header, its signature included, costs no record', () => {
  for (const [from, to] of [
    [0, 8],
    [8, 40],
    [44, 128],
  ] as const) {
    const chunk = chunkOf(1, 5);
    chunk.fill(0x5a, from, to);
    const items = read(writeLog([chunk, chunkOf(6, 9)]));
    assert.deepEqual(ids(items), ['1', '2', '3', '4', '5', '6', '7', '8', '9']);
    assert.equal(codes(items)[0], 'chunk_header_checksum');
    assert.ok(records(items).every(({ isVerified }, index) => isVerified === index > 4));
  }
});

test('bytes cut out or put in, a lost file header and a cut end leave the chunks that are whole', () => {
  const bytes = log();
  const cut = Buffer.concat([bytes.subarray(0, 4096 + 3000), bytes.subarray(4096 + 13_000)]);
  assert.deepEqual(ids(read(cut)).slice(-4), ['6', '7', '8', '9']);
  const more = Buffer.concat([bytes.subarray(0, 4096 + 65_536), Buffer.alloc(777, 1), bytes.subarray(4096 + 65_536)]);
  assert.deepEqual(ids(read(more)), ids(read(bytes)));
  assert.deepEqual(codes(read(more)), ['chunk_magic']);
  const headless = read(bytes.subarray(1000));
  assert.deepEqual(ids(headless), ids(read(bytes)));
  assert.deepEqual(codes(headless), ['file_header_magic']);
  const short = read(bytes.subarray(0, 4096 + 65_536 + 700));
  assert.deepEqual(ids(short).slice(0, 5), ['1', '2', '3', '4', '5']);
  assert.ok(codes(short).includes('chunk_truncated'));
  assert.deepEqual(codes(read(Buffer.alloc(0))), ['file_header_magic']);
});

test('a record hidden by making the one before it longer is found, though the checksums hold', () => {
  const chunk = chunkOf(1, 5);
  const [, second = 0, third = 0] = starts(chunk);
  const merged = chunk.readUInt32LE(second + 4) + chunk.readUInt32LE(third + 4);
  chunk.writeUInt32LE(merged, second + 4);
  chunk.writeUInt32LE(merged, second + merged - 4);
  sealChunk(chunk);
  const items = read(writeLog([chunk]));
  assert.deepEqual(codes(items), ['record_hidden']);
  assert.deepEqual(ids(items), ['1', '2', '3', '4', '5']);
});

test('records cut off the end of a chunk are missed, though the checksums hold', () => {
  const chunk = chunkOf(1, 5);
  const fourth = starts(chunk)[3] ?? 0;
  chunk.fill(0, fourth, chunk.readUInt32LE(48));
  chunk.writeUInt32LE(fourth, 48);
  sealChunk(chunk);
  const items = read(writeLog([chunk, chunkOf(6, 9)]));
  assert.deepEqual(ids(items), ['1', '2', '3', '6', '7', '8', '9']);
  const [missing, ...others] = items.filter((item) => item.kind === 'damaged');
  assert.deepEqual([missing?.code, missing?.why, others], ['records_missing', 'Records 4 to 5 are not there', []]);
});

test('hostile bytes: nothing throws, and no record of a changed chunk counts as verified', () => {
  const sound = log();
  const chunks = [sound.subarray(4096, 4096 + 65_536), sound.subarray(4096 + 65_536)];
  const used = (chunks[0]?.readUInt32LE(48) ?? 0) + 64;
  const change = fc.record({ at: fc.nat(used - 1), chunk: fc.nat(1), byte: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), fc.nat(), fc.boolean(), (changes, cut, isCut) => {
      const bytes = Buffer.from(sound);
      for (const { at, chunk, byte } of changes) bytes[4096 + chunk * 65_536 + at] = byte;
      const items = read(isCut ? bytes.subarray(0, cut % bytes.length) : bytes, { withXml: true });
      for (const record of records(items)) {
        if (!record.isVerified) continue;
        const number = Math.floor((record.offset - 4096) / 65_536);
        const covered = chunks[number]?.readUInt32LE(48) ?? 0;
        const start = 4096 + number * 65_536;
        assert.ok(bytes.subarray(start, start + 120).equals(sound.subarray(start, start + 120)));
        assert.ok(bytes.subarray(start + 128, start + covered).equals(sound.subarray(start + 128, start + covered)));
      }
    }),
    { numRuns: 300 },
  );
});

test('hostile bytes whose checksums hold: still nothing throws and every record is one or damaged', () => {
  const sound = chunkOf(1, 5);
  const used = sound.readUInt32LE(48);
  const change = fc.record({ at: fc.integer({ min: 512, max: used - 1 }), byte: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const chunk = Buffer.from(sound);
      for (const { at, byte } of changes) chunk[at] = byte;
      sealChunk(chunk);
      for (const item of read(writeLog([chunk]), { withXml: true })) {
        if (item.kind === 'record') JSON.parse(JSON.stringify(item.event));
      }
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000 }), (bytes) => {
      assert.equal(records(read(bytes)).length, 0);
    }),
    { numRuns: 50 },
  );
});
