import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sourcesPage, sourcesText } from './generate-sources-page.ts';

test('docs/sources.md says what the recipes say (node tools/launch.mjs tools/generate-sources-page.ts)', async () => {
  const text = await sourcesText();
  assert.ok(text.length > 5000);
  assert.doesNotMatch(text, /\{\{/);
  assert.equal(readFileSync(sourcesPage, 'utf8'), text);
});
