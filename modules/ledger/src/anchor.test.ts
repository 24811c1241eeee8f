import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { createEd25519Signer, formatCheckpoint, signNote } from '@sallyport/merkle-log';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createAnchorStore } from './anchor.ts';
import { temporaryDirectory } from './ledger-testing.ts';
import { ledgerMigrations } from './migrations/migrations.ts';

const { privateKey } = generateKeyPairSync('ed25519');

function checkpoint(origin: string, treeSize: number): string {
  const text = formatCheckpoint({ origin, treeSize, root: Buffer.alloc(32, treeSize) });
  return signNote({ text, signers: [createEd25519Signer({ name: origin, privateKey })] });
}

test('the newest checkpoint is kept; an earlier one of the same log never takes its place, one of the next log does', async (context) => {
  const file = join(temporaryDirectory(context), 'control.db');
  const { database, close } = await openDatabase({ kind: 'sqlite', file });
  context.after(close);
  await migrate(database, [ledgerMigrations]);
  const anchor = createAnchorStore(database);
  assert.equal(await anchor.newest(), undefined);
  const [early, late, next] = [checkpoint('a/1', 5), checkpoint('a/1', 9), checkpoint('a/2', 1)];
  for (const [remembered, newest] of [
    [early, early],
    [late, late],
    [early, late],
    [next, next],
    ['unreadable', 'unreadable'],
    [early, early],
  ] as const) {
    await anchor.remember(remembered);
    assert.equal(await anchor.newest(), newest);
  }
});
