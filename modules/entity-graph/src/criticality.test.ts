import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { JsonValue } from '@sallyport/contracts';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { sql } from 'kysely';
import { createCriticality } from './criticality.ts';
import { entityGraphMigrations } from './criticality-store.ts';
import type { CriticalityNeeds } from './needs.ts';

const actor: Principal = { kind: 'user', id: 'u1', name: 'Ada', scopes: [] };

async function setUp(database: Database) {
  const clock = createManualClock(1_700_000_000_000);
  const ledger = createMemoryLedger({ clock });
  await migrate(database, [ledgerMigrations, entityGraphMigrations]);
  const nowMs = () => clock.nowMs();
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs });
  const warnings: string[] = [];
  const needs: CriticalityNeeds = {
    database,
    outbox,
    clock,
    random: randomBytes,
    sealingKey: new Uint8Array(32).fill(3),
    log: { warn: (message) => warnings.push(message) },
    importantBecause: (kind, name) => (kind === 'person' && name === 'ada' ? 'Administers this server' : undefined),
  };
  const audit = (): JsonValue[] => ledger.events().map(({ body }) => JSON.parse(Buffer.from(body ?? []).toString()));
  return { criticality: await createCriticality(needs), needs, audit, warnings };
}

forEachDatabase((name, open) => {
  test(`a criticality is kept through a restart, found in any case, audited, and sealed on ${name}`, async () => {
    const { database } = await open();
    const { criticality, needs, audit } = await setUp(database);
    let told = 0;
    criticality.onChange(() => (told += 1));
    assert.deepEqual(criticality.of('camera', 'cam-1'), { level: 'normal', reason: '' });
    await criticality.set({
      kind: 'camera',
      name: 'Planted-Cam',
      level: 'crown_jewel',
      reason: 'The vault door',
      actor,
    });
    assert.equal(told, 1);
    const again = await createCriticality(needs);
    assert.equal(again.of('camera', 'planted-cam').level, 'crown_jewel');
    assert.equal(again.of('host', 'planted-cam').level, 'normal');
    assert.deepEqual(
      again.list().map(({ name: asset, level, setBy }) => [asset, level, setBy.name]),
      [['Planted-Cam', 'crown_jewel', 'Ada']],
    );
    const text = JSON.stringify(audit());
    assert.match(text, /criticality\.set.*"from":"normal","to":"crown_jewel","reason":"The vault door"/);
    const { rows } = await sql<object>`select * from asset_criticality`.execute(database);
    assert.doesNotMatch(JSON.stringify(rows), /planted|crown|vault/i);
    await again.clear({ kind: 'camera', name: 'PLANTED-CAM', actor });
    assert.equal(again.of('camera', 'Planted-Cam').level, 'normal');
    assert.match(JSON.stringify(audit()), /criticality\.clear/);
    await assert.rejects(again.clear({ kind: 'camera', name: 'Planted-Cam', actor }), { code: 'criticality_unknown' });
  });

  test(`administrators are of high criticality unless somebody says otherwise, and lowering is told apart on ${name}`, async () => {
    const { database } = await open();
    const { criticality } = await setUp(database);
    assert.deepEqual(criticality.of('person', 'ada'), { level: 'high', reason: 'Administers this server' });
    assert.equal(criticality.isLowering('person', 'ada', 'normal'), true);
    assert.equal(criticality.isLowering('person', 'ada', 'crown_jewel'), false);
    assert.equal(criticality.isLowering('person', 'kim', 'low'), true);
    await criticality.set({ kind: 'person', name: 'kim', level: 'high', reason: 'Pays the bills', actor });
    assert.equal(criticality.isLowering('person', 'KIM', 'default'), true);
    await criticality.set({ kind: 'person', name: 'ada', level: 'low', reason: 'Left long ago', actor });
    assert.equal(criticality.isLowering('person', 'ada', 'default'), false);
  });

  test(`who writes to the database without the key lowers nothing, and cannot move a row to another asset, on ${name}`, async () => {
    const { database } = await open();
    const { criticality, needs, warnings } = await setUp(database);
    await criticality.set({ kind: 'host', name: 'bench', level: 'low', reason: 'A test bench', actor });
    await criticality.set({ kind: 'host', name: 'vault', level: 'crown_jewel', reason: 'The vault', actor });
    await sql`update asset_criticality set sealed = (select min(sealed) from asset_criticality)`.execute(database);
    const after = await createCriticality(needs);
    assert.deepEqual([after.of('host', 'vault').level === 'low', after.list().length, warnings.length], [false, 1, 1]);
  });
});
