import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkConsoleSize } from './check-console-size.ts';
import { findingsOf } from './finding.ts';
import { plantFiles } from './planted-files.ts';

const incompressible = `//${randomBytes(4000).toString('base64')}`;
const files = {
  'dist/index.html': '<script type="module" src="/assets/index-a.js"></script>',
  'dist/assets/index-a.js': 'import{x}from"./part-b.js";const room=()=>import("./far-c.js")',
  'dist/assets/part-b.js': incompressible,
  'dist/assets/far-c.js': incompressible,
  'dist/assets/overview-room-d.js': 'export{}',
};

test('the console size check counts the page, its script and what that imports, not what comes later', (t) => {
  const result = checkConsoleSize(join(plantFiles(t, files), 'dist'), 10_000);
  assert.equal(result.lookedAt, 4);
  assert.deepEqual(findingsOf(result), []);
});

test('the console size check fails over the limit', (t) => {
  const [finding] = findingsOf(checkConsoleSize(join(plantFiles(t, files), 'dist'), 1000));
  assert.match(finding?.message ?? '', /The first view is \d+ bytes compressed, must be at most 1000/);
});

test('the console size check fails when the page names nothing', (t) => {
  const root = plantFiles(t, { 'dist/index.html': '<p>nothing</p>' });
  assert.equal(findingsOf(checkConsoleSize(join(root, 'dist'), 1000)).length, 1);
});
