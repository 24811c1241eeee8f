import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createTimeStampStore, ledgerMigrations } from '@sallyport/ledger';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import { createLedgerSource } from './ledger-source.ts';

const witnessOf = (id: string, kind: number, bytes: number) => ({
  witness: {
    id,
    url: `https://${id}.example:8470`,
    verifierKey: `${id}.example/w+0badcafe+${Buffer.concat([Buffer.from([kind]), randomBytes(bytes)]).toString('base64')}`,
    authorityPem: undefined,
    addedAtMs: 5,
    addedBy: { id: 'u1', name: 'Ada' },
  },
});

test('witnesses stand with the algorithm of their key, and roots of time-stamp authorities with their end', async (context) => {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  context.after(close);
  await migrate(database, [ledgerMigrations]);
  const rootsPem = createTestAuthority('Time root').certificatePem;
  const authority = {
    id: 't1',
    url: 'http://stamp.example/tsr',
    rootsPem,
    authorityPem: undefined,
    addedAtMs: 1,
    addedBy: { id: 'u1', name: 'Ada' },
  };
  const store = createTimeStampStore(database);
  await database.transaction().execute((transaction) => store.add(transaction, authority));
  const witnesses = {
    report: async () => ({ witnesses: [witnessOf('one', 4, 32), witnessOf('two', 6, 1312), witnessOf('odd', 9, 8)] }),
  };
  const found = await createLedgerSource({ witnesses, database }).gather(new AbortController().signal);
  assert.deepEqual(
    found.map((asset) => [asset.id, asset.kind === 'key' ? (asset.algorithm ?? asset.algorithmName) : asset.name]),
    [
      ['key/witness/one', 'ed25519'],
      ['key/witness/two', 'ml-dsa-44'],
      ['key/witness/odd', 'unknown'],
      ['certificate/time-authority/t1/1', 'Root 1 of the time-stamp authority at stamp.example'],
    ],
  );
  assert.ok(!JSON.stringify(found).includes('Ada'));
});
