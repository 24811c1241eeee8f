import assert from 'node:assert/strict';
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { constants, inflateRawSync, zstdCompressSync } from 'node:zlib';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import type { EventIntakeNeeds } from './index.ts';
import { startHouse } from './intake-testing.ts';

const shared = join(import.meta.dirname, '../../../../shared/data');
const skip = existsSync(shared) ? false : `no recorded data in ${shared}`;

/**
 * How many lines of a kind of each body are sent: hosts say the same thing a thousand times over. With SALLYPORT_RECORDED_EVENTS=all each of the
 * 336,606 is.
 */
const linesOfAKind = process.env['SALLYPORT_RECORDED_EVENTS'] === 'all' ? Infinity : 12;

/** The entries of a small zip, by its central directory (APPNOTE 4.3.12); enough for the recorded sets. */
function unzip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006'));
  const entries = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count -= 1) {
    const [packed, nameLength, extra, comment] = [
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
      zip.readUInt16LE(at + 32),
    ];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    entries.set(
      zip.toString('utf8', at + 46, at + 46 + nameLength),
      inflateRawSync(zip.subarray(start, start + packed)),
    );
    at += 46 + nameLength + extra + comment;
  }
  return entries;
}

/** Counts what would be recorded, and keeps none of it. */
function createCount(): {
  readonly before: (ledger: MemoryLedger) => EventIntakeNeeds['ledger'];
  readonly counts: { events: number; classified: number; texts: Hash };
} {
  const counts = { events: 0, classified: 0, texts: createHash('sha256') };
  return {
    counts,
    before: (ledger) => ({
      head: () => ({ log: 1, index: counts.events }),
      read: (from, limits) => ledger.read(from, limits),
      append: async ({ entries }) =>
        entries.map(({ classUid, body }) => {
          const event = parseJson(Buffer.from(body).toString('utf8'));
          assert.ok(isJsonObject(event));
          addTo(counts.texts, textOf(event['raw_data']));
          if (classUid !== 0) counts.classified += 1;
          counts.events += 1;
          return { log: 1, index: counts.events - 1 };
        }),
    }),
  };
}

/** One more text, in order; with its length, so that no two lists of texts are the same. */
function addTo(texts: Hash, text: string): void {
  texts.update(`${text.length} ${text}`);
}

/** Lines that are not blank, without their ends: counted by other means than the door's own. */
function* linesOf(body: Buffer): Generator<string> {
  for (let from = 0; from < body.length;) {
    const found = body.indexOf('\n', from);
    const end = found === -1 ? body.length : found;
    const line = body.toString('utf8', from, end).replace(/\r$/, '');
    if (line.trim() !== '') yield line;
    from = end + 1;
  }
}

/** What a record is, by the numbers and names with which its log tells one kind from another. */
const kindNames = /"(?:EventID|event_id|Channel|SourceName|Task|Opcode|eventName|type)" ?: ?("[^"]{0,100}"|\d+)/g;

/** The first lines of each kind and the longest of all, in order, as they were. */
function sampleOf(body: Buffer): Buffer {
  if (linesOfAKind === Infinity) return body;
  const seen = new Map<string, number>();
  const kept: string[] = [];
  let longest = { at: 0, line: '' };
  for (const line of linesOf(body)) {
    if (line.length > longest.line.length) longest = { at: kept.length, line };
    const kind = [...line.matchAll(kindNames)].map(([told]) => told).join(' ');
    const before = seen.get(kind) ?? 0;
    seen.set(kind, before + 1);
    if (before < linesOfAKind) kept.push(line);
  }
  if (!kept.includes(longest.line)) kept.splice(longest.at, 0, longest.line);
  return Buffer.from(`${kept.join('\n')}\n`);
}

test(
  'each kind of line of every recorded attack is an event with its text, in order, none kept raw',
  { skip },
  async (t) => {
    const root = join(shared, 'security-datasets');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.zip'));
    const count = createCount();
    const house = await startHouse(t, { before: count.before });
    const all = { files: 0, events: 0, classified: 0 };
    for (const file of files) {
      for (const [name, recorded] of unzip(readFileSync(join(root, file)))) {
        // Attributes of the packing computer, no log.
        if (name.startsWith('__MACOSX/')) continue;
        const body = sampleOf(recorded);
        let lines = 0;
        const wanted = createHash('sha256');
        for (const line of linesOf(body)) {
          lines += 1;
          addTo(wanted, line);
        }
        const texts = createHash('sha256');
        Object.assign(count.counts, { events: 0, classified: 0, texts });
        const answer = await house.send(
          zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
          {
            query: '?source=otrf&sequence=0',
            headers: { 'content-encoding': 'zstd' },
          },
        );
        assert.deepEqual(
          [answer.status, answer.body['accepted'], answer.body['kept_raw'], count.counts.events, texts.digest('hex')],
          [200, lines, 0, lines, wanted.digest('hex')],
          `${file}: ${JSON.stringify(answer.body).slice(0, 500)}`,
        );
        all.events += lines;
        all.classified += count.counts.classified;
      }
      all.files += 1;
    }
    t.diagnostic(JSON.stringify(all));
    assert.ok(all.files >= 55 && all.classified > all.events / 2, JSON.stringify(all));
  },
);

test('every CloudTrail file goes in record by record', { skip }, async (t) => {
  const folder = join(shared, 'cloudtrail/CloudTrail');
  const house = await startHouse(t);
  const all = { files: 0, records: 0 };
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    const document = parseJson(text);
    assert.ok(isJsonObject(document) && Array.isArray(document['Records']));
    const answer = await house.send(text, {
      query: `?source=cloudtrail&sequence=${all.records}`,
      headers: { 'content-type': 'application/json' },
    });
    const { length } = document['Records'];
    assert.deepEqual([answer.status, answer.body['accepted'], answer.body['kept_raw']], [200, length, 0], name);
    const events = house.bodies().slice(all.records);
    assert.deepEqual(
      events.map((event) => parseJson(textOf(event['raw_data']))),
      document['Records'],
    );
    assert.ok(events.every((event) => event['class_uid'] === 6003 || event['class_uid'] === 3002));
    all.files += 1;
    all.records += length;
  }
  t.diagnostic(JSON.stringify(all));
});
