import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFullScan, parseSigmaRules } from '@sallyport/sigma-rules';
import type { JsonObject } from '@sallyport/sigma-rules';
import { loadBundledRules, parseScenario, scenariosDirectory } from './index.ts';

const bundled = await loadBundledRules({
  listFiles: (directory) => readdir(directory, { recursive: true }),
  readText: (path) => readFile(path, 'utf8'),
});
const scan = createFullScan(bundled.flatMap(({ file, text }) => [...parseSigmaRules(text, { file }).rules]));
const breakIn = parseScenario(await readFile(join(scenariosDirectory, 'break-in.json'), 'utf8'));

test('the break-in fires at least four different rules of ours, and not on every step', () => {
  const fired = breakIn.steps.map(({ record }) => {
    const json: JsonObject = JSON.parse(JSON.stringify(record));
    return scan.match(json).map(({ rule }) => rule.id);
  });
  assert.ok(new Set(fired.flat()).size >= 4, String(fired));
  assert.ok(fired.some((ids) => ids.length === 0));
});

test('nothing in the break-in can be taken for something that happened', () => {
  const times = breakIn.steps.map(({ afterMs }) => afterMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  for (const { record, title } of breakIn.steps) {
    assert.equal(record['synthetic'], true, title);
    assert.match(String(record['Computer']), /^DEMO-[A-Z]+-\d\d\.demo\.example$/);
    const addresses = JSON.stringify(record).match(/\b\d+\.\d+\.\d+\.\d+\b/g) ?? [];
    assert.ok(
      addresses.every((address) => /^(10\.|203\.0\.113\.)/.test(address)),
      title,
    );
  }
});

test('what is no scenario is refused', () => {
  for (const text of [
    '{}',
    '[]',
    '{"id":"a","title":"t","description":"d","steps":[{"after_ms":0,"title":"x","record":{}}]}',
  ]) {
    assert.throws(() => parseScenario(text), TypeError);
  }
});
