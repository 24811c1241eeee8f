import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openDatabase, type OpenDatabase } from './database.ts';
import { startTestCluster, type TestCluster } from './postgres-testing.ts';

/**
 * Registers the same tests on SQLite (a temporary file) and on a real PostgreSQL, one cluster per call:
 *
 *     forEachDatabase((name, open) => {
 *       test(`keys are listed on ${name}`, async () => { const { database } = await open(); … });
 *     });
 *
 * Each `open()` gives a new, empty database; all are closed and removed after the file's last test.
 */
export function forEachDatabase(
  register: (name: 'SQLite' | 'PostgreSQL', open: () => Promise<OpenDatabase>) => void,
): void {
  const opened: OpenDatabase[] = [];
  const directories: string[] = [];
  let cluster: Promise<TestCluster> | undefined;

  register('SQLite', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-database-'));
    directories.push(directory);
    const database = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
    opened.push(database);
    return database;
  });
  register('PostgreSQL', async () => {
    cluster ??= startTestCluster();
    const database = await openDatabase({ kind: 'postgres', url: await (await cluster).createDatabase() });
    opened.push(database);
    return database;
  });
  after(async () => {
    for (const { close } of opened) await close();
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
    if (cluster !== undefined) await (await cluster).stop();
  });
}
