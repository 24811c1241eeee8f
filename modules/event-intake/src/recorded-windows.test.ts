import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { createFullScan, parseSigmaRules } from '@sallyport/sigma-rules';
import type { FullScan } from '@sallyport/sigma-rules';
import { startHouse } from './intake-testing.ts';
import type { IntakeHouse } from './intake-testing.ts';

const reference = join(import.meta.dirname, '../../../../shared/data');
const folder = join(reference, 'sigma-regression');
const skip = existsSync(folder) ? false : `no recorded logs in ${folder}`;

function recordOf(event: JsonObject): JsonObject {
  const record = parseJson(textOf(event['raw_data']));
  assert.ok(isJsonObject(record));
  return record;
}

/** What a body sent as `source` became, in order. */
async function sent(house: IntakeHouse, file: string, contentType: string): Promise<JsonObject[]> {
  const before = house.bodies().length;
  const answer = await house.send(readFileSync(file), { query: '?source=w', headers: { 'content-type': contentType } });
  assert.deepEqual([answer.status, answer.body['kept_raw']], [200, 0], `${file}: ${JSON.stringify(answer.body)}`);
  const events = house.bodies().slice(before);
  assert.equal(events.length, answer.body['accepted'], file);
  return events;
}

function scanOfAllRules(): FullScan {
  const root = join(reference, 'sigma');
  return createFullScan(
    globSync('**/*.yml', { cwd: root }).flatMap(
      (file) => parseSigmaRules(readFileSync(join(root, file), 'utf8'), { file }).rules,
    ),
  );
}

/** As the published JSON is: six digits of a second in `System`, and no white space around values. */
function asPublished(value: JsonValue, path: readonly string[]): JsonValue {
  if (typeof value === 'string') {
    const isTime = path.at(-1) === 'SystemTime';
    return withoutBraces(
      isTime ? value.replace(/(\.\d{6})\dZ$/, '$1Z') : path[1] === 'EventData' ? value.trim() : value,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, asPublished(part, [...path, name])]));
}

/** The published JSON leaves out the braces that Windows has around GUIDs. */
function withoutBraces(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.replace(/^\{([\dA-F]{8}(?:-[\dA-F]{4}){3}-[\dA-F]{12})\}$/, '$1');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutBraces);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutBraces(part)]));
}

test(
  'every recorded Windows log matches the same rules through the door as its published JSON',
  { skip },
  async (t: TestContext) => {
    const scan = scanOfAllRules();
    const idsOf = (event: JsonObject): string[] =>
      scan
        .match(recordOf(event))
        .map(({ rule }) => rule.id)
        .toSorted();
    const files = globSync('**/*.evtx', { cwd: folder }).map((file) => join(folder, file));
    const all = { files: 0, records: 0, matches: 0 };
    const house = await startHouse(t);
    for (const file of files) {
      const logs = await sent(house, file, 'application/x-evtx');
      const published = await sent(house, file.replace(/\.evtx$/, '.json'), 'application/json');
      assert.equal(logs.length, published.length, file);
      for (const [index, event] of logs.entries()) {
        const other = published[index] ?? {};
        const rules = idsOf(event);
        assert.deepEqual(rules, idsOf(other), file);
        assert.deepEqual(asPublished(recordOf(event), []), withoutBraces(recordOf(other)), file);
        assert.deepEqual(
          [event['class_uid'], event['type_uid'], event['time']],
          [other['class_uid'], other['type_uid'], other['time']],
          file,
        );
        all.records += 1;
        all.matches += rules.length;
      }
      all.files += 1;
    }
    assert.ok(all.files >= 86 && all.records >= 109 && all.matches >= 145, JSON.stringify(all));
  },
);
