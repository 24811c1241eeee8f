import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrate } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { ledgerMigrations } from '../migrations/migrations.ts';
import { createWitnessStore, defaultPolicy } from './witness-store.ts';

forEachDatabase((name, open) => {
  test(`what is kept about witnesses is read back as it was (${name})`, async () => {
    const { database } = await open();
    await migrate(database, [ledgerMigrations]);
    const store = createWitnessStore(database);
    assert.deepEqual([await store.list(), await store.policy(), await store.quorum(1)], [[], defaultPolicy, undefined]);
    const addedAtMs = Date.UTC(2026, 10, 22);
    const witness = {
      id: '0011223344556677',
      url: 'https://w1.example',
      verifierKey: 'w1.example+01234567+B',
      authorityPem: undefined,
      addedAtMs,
      addedBy: { id: 'u1', name: 'Ada' },
    };
    const change = (work: Parameters<ReturnType<typeof database.transaction>['execute']>[0]) =>
      database.transaction().execute(work);
    await change(async (transaction) => {
      await store.add(transaction, witness);
      await store.setPolicy(transaction, { needed: 2, tailLimitMs: 5 });
      await store.raise(transaction, 'tail', { since: 'x' });
      await store.raise(transaction, 'tail', { since: 'y' });
    });
    assert.deepEqual([await store.list(), await store.policy()], [[witness], { needed: 2, tailLimitMs: 5 }]);
    assert.deepEqual(await store.alarms(), new Map([['tail', { since: 'x' }]]));
    const size = Number.MAX_SAFE_INTEGER;
    for (const smaller of [1, 0])
      await store.rememberCosigned(witness.id, 1, { size: size - smaller, atMs: addedAtMs });
    assert.deepEqual(await store.cosigned(1), new Map([[witness.id, { size, atMs: addedAtMs }]]));
    const quorum = { checkpoint: 'text', witnessKeys: [witness.verifierKey], size: 9, atMs: addedAtMs };
    await store.rememberQuorum(1, quorum);
    await store.rememberQuorum(1, { ...quorum, checkpoint: 'older', size: 8 });
    assert.deepEqual(await store.quorum(1), quorum, 'never a smaller one');
    const held = { log: 1, checkpoint: 'text', witness: 'w1' };
    for (const shown of [held, { ...held, witness: 'w2', checkpoint: 'proves nothing' }, held])
      await store.rememberHeldOutside(shown);
    const both = await store.heldOutside(1);
    assert.deepEqual(both.toSorted((a, b) => a.witness.localeCompare(b.witness))[0], held, 'whatever others show');
    assert.deepEqual([both.length, await store.heldOutside(2)], [2, []]);
    await change(async (transaction) => {
      await store.remove(transaction, witness.id);
      await store.settle(transaction, 'tail');
    });
    assert.deepEqual([await store.list(), await store.cosigned(1), await store.alarms()], [[], new Map(), new Map()]);
    assert.deepEqual(await store.quorum(1), quorum, 'what was witnessed stays so');
  });
});
