import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { place } from '../vault-testing.ts';
import { createVaultMemory, keyVaultMigrations } from './vault-memory.ts';

test('the newest generation is remembered, an older one not, and that of another vault is', async (context) => {
  const file = join(place(context).root, 'control.db');
  const { database, close } = await openDatabase({ kind: 'sqlite', file });
  context.after(close);
  await migrate(database, [keyVaultMigrations]);
  const memory = createVaultMemory(database);
  assert.equal(await memory.newest(), undefined);
  await memory.remember({ vault: 'a', generation: 4 });
  await memory.remember({ vault: 'a', generation: 3 });
  assert.deepEqual(await memory.newest(), { vault: 'a', generation: 4 });
  await memory.replace({ vault: 'a', generation: 2 });
  assert.deepEqual(await memory.newest(), { vault: 'a', generation: 2 });
  await memory.remember({ vault: 'b', generation: 2 });
  assert.deepEqual(await memory.newest(), { vault: 'b', generation: 2 });
});
