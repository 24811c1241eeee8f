import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadBundledMappings, mappingsDirectory } from '@sallyport/content';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { createMapper } from '@sallyport/ocsf/mapping';
import { createSchemaValidator } from '@sallyport/ocsf/schema-testing';
import fc from 'fast-check';
import { normaliseBatch } from '../normalise-batch.ts';
import { recordFormats } from './record-format.ts';
import type { RecordFormat } from './record-format.ts';

const schema = join(import.meta.dirname, '../../../../../shared/data/ocsf-1.8.0');
const skip = existsSync(schema) ? false : `no OCSF schema in ${schema}`;
const all = await loadBundledMappings({
  listFiles: (directory) => readdir(directory, { recursive: true }),
  readText: (path) => readFile(path, 'utf8'),
});
const mapper = createMapper(all);
/** Records of the sensor are not read from lines; its mappings are tested with it. */
const files = all.filter(({ name }) => !name.startsWith('sensor/'));
const receivedAtMs = Date.UTC(2025, 9, 12);

type Case = { readonly format: RecordFormat; readonly line: string; readonly expect: JsonObject };

function readCases(name: string): Case[] {
  const file = join(mappingsDirectory, name.replace(/\.ya?ml$/, '.test.json'));
  const cases: Case[] = JSON.parse(readFileSync(file, 'utf8'));
  return cases;
}

function eventOf(line: string, format: RecordFormat): JsonObject {
  const bytes = Buffer.from(line);
  const limits = { maxDepth: 64, maxFields: 10_000, keptBytesOfLongEvent: 65_536 };
  const request = { bytes, ends: [bytes.length], cut: [], faults: [], receivedAtMs, reading: { format }, limits };
  const value = parseJson(Buffer.from(normaliseBatch(request, mapper).bodies).toString('utf8'));
  assert.ok(isJsonObject(value));
  return value;
}

/** The value at `a.b.0.c`; a name with points wins over steps. */
function at(value: JsonValue | undefined, path: string): JsonValue | undefined {
  if (value === undefined || typeof value !== 'object' || value === null) return undefined;
  const own: ReadonlyMap<string, JsonValue> = new Map(Object.entries(value));
  if (own.has(path)) return own.get(path);
  const [step = '', ...rest] = path.split('.');
  return rest.length === 0 ? own.get(step) : at(own.get(step), rest.join('.'));
}

function readSchema(): (event: JsonObject) => string[] {
  const parts = new Map<string, JsonObject>();
  for (const path of readdirSync(schema, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.json') || path.startsWith('metaschema')) continue;
    const value = parseJson(readFileSync(join(schema, path), 'utf8'));
    if (isJsonObject(value)) parts.set(path, value);
  }
  return createSchemaValidator(parts);
}

test('every mapping compiles, and every file of mappings has lines that show it', () => {
  assert.deepEqual(mapper.refused, []);
  assert.ok(mapper.mappings.length >= 20);
  for (const { name } of files) assert.ok(readCases(name).length > 0, name);
});

test('every recorded line becomes what its file says, keeps its text, and is valid by the schema', { skip }, () => {
  const validate = readSchema();
  const used = new Set<string>();
  for (const { name } of files) {
    for (const { line, format, expect } of readCases(name)) {
      const event = eventOf(line, format);
      for (const [path, wanted] of Object.entries(expect))
        assert.deepEqual(
          at(event, path),
          wanted,
          `${name}: ${path} of ${line}\n${JSON.stringify(event, undefined, 1)}`,
        );
      assert.equal(event['raw_data'], line);
      assert.deepEqual(validate(event), [], `${name}: ${line}`);
      const mapping = at(event, 'unmapped.sallyport.mapping');
      if (typeof mapping === 'string') used.add(mapping.split('@')[0] ?? '');
    }
  }
  const unused = createMapper(files)
    .mappings.filter(({ name }) => !used.has(name))
    .map(({ name }) => name);
  assert.ok(unused.length <= 3, `mappings without a line: ${unused.join(', ')}`);
});

test(
  'whatever a sender changes in a line, the event keeps the schema and the text, and no word of ours is taken from outside',
  { skip },
  () => {
    const validate = readSchema();
    const cases = files.flatMap(({ name }) => readCases(name));
    const noise = fc.oneof(
      fc.string({ maxLength: 20, unit: 'grapheme' }),
      fc.constantFrom('|', '=', ' ', '"', '{', '\\', '\u0000', '<', '\u001d'),
    );
    fc.assert(
      fc.property(
        fc.nat(cases.length - 1),
        fc.nat(400),
        fc.nat(40),
        noise,
        fc.constantFrom(...recordFormats),
        fc.boolean(),
        (which, place, gone, text, other, isOther) => {
          const chosen = cases[which];
          if (chosen === undefined) return;
          const line = `${chosen.line.slice(0, place)}${text}${chosen.line.slice(place + gone)}`.toWellFormed();
          const event = eventOf(line, isOther ? other : chosen.format);
          assert.deepEqual(validate(event), [], line);
          assert.equal(event['raw_data'], line);
        },
      ),
      { numRuns: 400 },
    );
    for (const format of recordFormats) {
      const claim = eventOf(
        '{"unmapped":{"sallyport":{"generation":1}},"event":{"unmapped":{"sallyport":{"generation":2}}},"body":"x"}',
        format,
      );
      assert.equal(at(claim, 'unmapped.sallyport.generation'), undefined, format);
    }
  },
);
