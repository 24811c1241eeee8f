import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { isObject } from './fields.ts';
import { normalise } from './index.ts';
import type { JsonObject } from './index.ts';
import { createSchemaValidator } from './schema-testing.ts';

const shared = join(import.meta.dirname, '../../../../shared/data');
const skip = existsSync(shared) ? false : `no recorded data in ${shared}`;
/** Larger archives take minutes; the kinds of events in them are the same. */
const maxArchiveBytes = 200_000;
/** Events checked against the schema of each kind. */
const checkedPerKind = 40;

function parseObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  assert.ok(isObject(value));
  return value;
}

/** The single member of a small zip (APPNOTE 4.3.12). */
function onlyMember(zip: Buffer): Buffer {
  const at = zip.readUInt32LE(zip.lastIndexOf(Buffer.from('PK\u0005\u0006')) + 16);
  const local = zip.readUInt32LE(at + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  return inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20)));
}

function* recordedTexts(): Generator<string> {
  const root = join(shared, 'security-datasets');
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.zip') || statSync(join(root, file)).size > maxArchiveBytes) continue;
    for (const line of onlyMember(readFileSync(join(root, file)))
      .toString('utf8')
      .split('\n'))
      if (line.trim() !== '') yield line;
  }
}

function schemaFiles(): Map<string, JsonObject> {
  const root = join(shared, 'ocsf-1.8.0');
  const files = new Map<string, JsonObject>();
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.json') && !path.startsWith('metaschema'))
      files.set(path, parseObject(readFileSync(join(root, path), 'utf8')));
  }
  return files;
}

test('recorded Windows events get a class, and every event made of them is valid by the schema', { skip }, () => {
  const validate = createSchemaValidator(schemaFiles());
  const checked = new Map<string, number>();
  let events = 0;
  let unclassified = 0;
  for (const text of recordedTexts()) {
    const event = normalise(parseObject(text), text, { receivedAtMs: 1 });
    events += 1;
    if (event.class_uid === 0) unclassified += 1;
    const kind = `${event.class_uid} ${String(event.metadata['event_code'])}`;
    const times = checked.get(kind) ?? 0;
    checked.set(kind, times + 1);
    if (times < checkedPerKind) assert.deepEqual(validate(event), [], text);
  }
  assert.ok(events > 10_000, `${events} events`);
  assert.ok(unclassified < events * 0.05, `${unclassified} of ${events} are base events`);
});
