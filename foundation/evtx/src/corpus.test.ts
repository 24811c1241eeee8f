import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createFullScan, parseSigmaRules } from '@sallyport/sigma-rules';
import fc from 'fast-check';
import { createEvtxReader, readEventXml } from './index.ts';
import type { EvtxItem, EvtxOptions, EvtxRecord, JsonObject, JsonValue } from './index.ts';

const reference = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');
const folder = join(reference, 'sigma-regression');

/** Skips the test, saying why, where the reference data is not there. */
function isMissing(context: TestContext): boolean {
  if (existsSync(folder)) return false;
  context.skip(`the reference data ${folder} is not there`);
  return true;
}

function logs(): string[] {
  return globSync('**/*.evtx', { cwd: folder }).map((file) => join(folder, file));
}

function read(bytes: Uint8Array, options?: EvtxOptions): EvtxItem[] {
  const reader = createEvtxReader(options);
  return [...reader.push(bytes), ...reader.end()];
}

function recordsOf(file: string, options?: EvtxOptions): EvtxRecord[] {
  const items = read(readFileSync(file), options);
  assert.deepEqual(
    items.filter((item) => item.kind === 'damaged'),
    [],
    file,
  );
  return items.filter((item) => item.kind === 'record');
}

/** SigmaHQ's JSON of the log: objects one after another. */
function published(file: string): JsonObject[] {
  return readFileSync(file.replace(/\.evtx$/, '.json'), 'utf8')
    .split(/\n(?=\{)/)
    .map((text): JsonObject => JSON.parse(text));
}

/**
 * What the published JSON leaves out of the logs, and this reader does not: the seventh digit of times in `System`, and white
 * space around values. Nothing else is brought into line, and only where it stands.
 */
function asPublished(value: JsonValue, path: readonly string[]): JsonValue {
  if (typeof value === 'string') {
    const isTime = path.at(-1) === 'SystemTime';
    return isTime ? value.replace(/(\.\d{6})\dZ$/, '$1Z') : path[1] === 'EventData' ? value.trim() : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  assert.ok(!Array.isArray(value), `${path.join('.')} is a list`);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, asPublished(part, [...path, name])]));
}

test('every log of the SigmaHQ regression data gives its published JSON, number by number and text by text', (context) => {
  if (isMissing(context)) return;
  let count = 0;
  for (const file of logs()) {
    const records = recordsOf(file);
    const wanted = published(file);
    assert.equal(records.length, wanted.length, file);
    for (const [index, record] of records.entries()) {
      assert.ok(record.isVerified, file);
      assert.deepEqual(asPublished(record.event, []), wanted[index], file);
      assert.deepEqual(Object.keys(record.event), ['Event']);
      count += 1;
    }
  }
  assert.ok(count >= 109, `${count} records were compared`);
});

test('the same rules match the logs, their XML and the published JSON', (context) => {
  if (isMissing(context)) return;
  const root = join(reference, 'sigma');
  const rules = globSync('**/*.yml', { cwd: root }).flatMap(
    (file) => parseSigmaRules(readFileSync(join(root, file), 'utf8'), { file }).rules,
  );
  const scan = createFullScan(rules);
  const idsOf = (event: JsonObject): string[] =>
    scan
      .match(event)
      .map(({ rule }) => rule.id)
      .toSorted();
  let matches = 0;
  for (const file of logs()) {
    const wanted = published(file);
    for (const [index, { event, xml = '' }] of recordsOf(file, { withXml: true }).entries()) {
      const expected = idsOf(wanted[index] ?? {});
      assert.deepEqual(idsOf(event), expected, file);
      const fromXml = readEventXml(xml);
      assert.ok(fromXml.kind === 'event', file);
      assert.deepEqual(idsOf(fromXml.event), expected, file);
      assert.deepEqual(fromXml.event, withTextData(event), file);
      matches += expected.length;
    }
  }
  assert.ok(matches >= 109, `${matches} matches were compared`);
});

/** The event with the values of `EventData` as texts, as XML has them. */
function withTextData({ Event: event = null }: JsonObject): JsonValue {
  assert.ok(isObject(event) && isObject(event['EventData'] ?? null));
  const data = Object.entries(event['EventData'] ?? {}).map(([name, value]) => [name, String(value)]);
  return { Event: { ...event, EventData: Object.fromEntries(data) } };
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

test('real logs with changed bytes or a cut end never throw, and a record of a changed chunk never counts as verified', (context) => {
  if (isMissing(context)) return;
  const files = logs();
  const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(
      fc.nat(files.length - 1),
      fc.array(change, { minLength: 1, maxLength: 20 }),
      fc.nat(),
      (which, changes, cut) => {
        const sound = readFileSync(files[which] ?? '');
        const covered = 4096 + sound.readUInt32LE(4096 + 48);
        const bytes = Buffer.from(cut % 4 === 0 ? sound.subarray(0, cut % sound.length) : sound);
        for (const [place, mask] of changes) {
          const at = 4096 + Math.floor(place * (covered - 4097));
          if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ mask;
        }
        const isChanged = (start: number, end: number): boolean =>
          !bytes.subarray(4096 + start, 4096 + end).equals(sound.subarray(4096 + start, 4096 + end));
        const isSuspect = isChanged(0, 120) || isChanged(128, covered - 4096);
        for (const item of read(bytes, { withXml: true })) {
          if (item.kind === 'record') assert.ok(!(item.isVerified && isSuspect), files[which]);
        }
      },
    ),
    { numRuns: 200 },
  );
});
