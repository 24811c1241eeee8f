import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sql } from 'kysely';
import { openDatabase } from './database.ts';
import { startTestCluster, type TestCluster } from './postgres-testing.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-clusters-'));
const given = process.env['SALLYPORT_TEST_CLUSTERS'];
process.env['SALLYPORT_TEST_CLUSTERS'] = directory;
after(() => {
  rmSync(directory, { recursive: true, force: true });
  if (given === undefined) delete process.env['SALLYPORT_TEST_CLUSTERS'];
  else process.env['SALLYPORT_TEST_CLUSTERS'] = given;
});

async function tablesOf(cluster: TestCluster, statement: string): Promise<number> {
  const { database, close } = await openDatabase({ kind: 'postgres', url: await cluster.createDatabase() });
  await sql.raw(statement).execute(database);
  const { rows } = await sql`select 1 from pg_tables where tablename = 'mark'`.execute(database);
  await close();
  return rows.length;
}

test('clusters begun with the same prepared one are each their own, and it stays as new', async () => {
  const first = await startTestCluster();
  assert.deepEqual(readdirSync(directory), ['new'], 'the first leaves what the others copy');
  assert.equal(await tablesOf(first, 'create table mark (id integer)'), 1);
  const others = await Promise.all([startTestCluster(), startTestCluster()]);
  for (const other of others) assert.equal(await tablesOf(other, 'select 1'), 0);
  assert.ok(!readdirSync(join(directory, 'new')).includes('postmaster.pid'), 'it was never started');
  for (const cluster of [first, ...others]) await cluster.stop();
  assert.deepEqual(readdirSync(directory), ['new']);
});

test('a prepared cluster that is none is refused and told, not passed over', async () => {
  rmSync(join(directory, 'new'), { recursive: true, force: true });
  mkdirSync(join(directory, 'new'));
  await assert.rejects(startTestCluster(), /Cannot start PostgreSQL/);
});
