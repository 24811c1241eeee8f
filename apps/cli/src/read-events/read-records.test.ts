import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { buildZip } from '../testing/build-zip.ts';
import type { CliError } from '../errors.ts';
import { readRecords } from './read-records.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-read-'));
after(() => rm(directory, { recursive: true }));

async function read(content: Buffer | string): Promise<{ records: string[]; unreadable: string[] }> {
  const path = join(directory, 'input');
  await writeFile(path, content);
  const records: string[] = [];
  const unreadable: string[] = [];
  const options = {
    signal: new AbortController().signal,
    onUnreadable: (error: CliError) => unreadable.push(error.message.replaceAll(directory, '')),
  };
  for await (const batch of readRecords(path, options)) {
    for (const record of batch)
      records.push(`${record.index} ${record.kind === 'oversize' ? 'oversize' : record.bytes.toString()}`);
  }
  return { records, unreadable };
}

const two = '{"a":1}\n{"a":2}\n';
const expected = ['0 {"a":1}', '1 {"a":2}'];

test('plain, gzip, zstd, UTF-16 and byte-order-marked files give the same records', async () => {
  for (const content of [
    two,
    gzipSync(two),
    zstdCompressSync(two),
    Buffer.from(`\ufeff${two}`, 'utf16le'),
    `\ufeff${two}`,
  ]) {
    assert.deepEqual((await read(content)).records, expected);
  }
});

test('an empty file and an empty zip hold no events', async () => {
  assert.deepEqual((await read('')).records, []);
  assert.deepEqual((await read(buildZip([]))).records, []);
});

test('the members of a zip are counted through in order, directories passed over', async () => {
  const zip = buildZip([
    { name: 'd/', content: '' },
    { name: 'd/one.json', content: two },
    { name: 'two.json.gz', content: gzipSync('[{"a":3},{"a":4}]') },
    { name: '../../escape.json', content: '{"a":5}' },
  ]);
  assert.deepEqual(await read(zip), { records: [...expected, '2 {"a":3}', '3 {"a":4}', '4 {"a":5}'], unreadable: [] });
});

test('a member that cannot be read is named and the others are read', async () => {
  const zip = buildZip([
    { name: 'inner.zip', content: buildZip([{ name: 'x', content: two }]) },
    { name: 'lies.json', content: two, claimedBytes: 5 },
    { name: 'good.json', content: two },
  ]);
  const { records, unreadable } = await read(zip);
  assert.deepEqual(records, expected);
  assert.match(unreadable[0] ?? '', /^Cannot read "inner.zip in \/input": it is a zip inside another archive$/);
  assert.match(unreadable[1] ?? '', /^Cannot read "lies.json" in "\/input": /);
});

test('bytes after the end of a zip, and what macOS adds to one, are passed over', async () => {
  const zip = buildZip([
    { name: 'a.json', content: '{"a":1}' },
    { name: '__MACOSX/._a.json', content: Buffer.from([0, 5, 22, 7, 0]) },
  ]);
  for (const trailing of ['\n', '\0'.repeat(5000)]) {
    const { records, unreadable } = await read(Buffer.concat([zip, Buffer.from(trailing)]));
    assert.deepEqual([records, unreadable], [['0 {"a":1}'], []]);
  }
});

test('a bomb of a zip or gzip is stopped by its proportion', async () => {
  const bomb = Buffer.alloc(136 * 1024 * 1024, ' ');
  const { unreadable } = await read(buildZip([{ name: 'bomb.json', content: bomb }]));
  assert.match(unreadable[0] ?? '', /unpacks to more than 300 times its size/);
  await assert.rejects(read(gzipSync(bomb)), /unpacks to more than 300 times its size/);
});

test('a zip of many members is bounded as a whole', async () => {
  const part = Buffer.alloc(24 * 1024 * 1024, ' ');
  const members = Array.from({ length: 6 }, (_, at) => ({ name: `${at}.json`, content: part }));
  const { unreadable } = await read(buildZip(members));
  assert.equal(unreadable.length, 1);
  assert.match(unreadable[0] ?? '', /5\.json.* unpacks to more than 300 times its size/);
});

test('what is no text is refused with what to do instead', async () => {
  assert.match((await read(Buffer.from('ElfFile\0rest'))).records[0] ?? '', /evtx_damaged/);
  await assert.rejects(read(Buffer.from([1, 0, 2])), { code: 'input_unreadable', message: /neither text/ });
  await assert.rejects(read(gzipSync(gzipSync(gzipSync(two)))), { message: /compressed more than once/ });
  await assert.rejects(read(gzipSync(two).subarray(0, 20)), { code: 'input_unreadable' });
  await assert.rejects(read(Buffer.from('PK\x03\x04garbage')), { code: 'input_unreadable', message: /as a zip/ });
});
