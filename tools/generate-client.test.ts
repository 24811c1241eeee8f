import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { clientFile, generateClient } from './generate-client.ts';

test('The console’s client is the one the server describes now', async () => {
  const wanted = await generateClient();
  assert.match(wanted, /'GET \/v1\/overview'/);
  assert.ok(
    readFileSync(clientFile, 'utf8') === wanted,
    'The client is stale: node tools/launch.mjs tools/generate-client.ts',
  );
});
