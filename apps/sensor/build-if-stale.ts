// Bundles the sensor into apps/sensor/dist when its sources are newer. Run by the server's supervisor, which runs it on this host.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const dist = join(import.meta.dirname, 'dist');
const stampName = '.sources';
const sources = [
  'apps/sensor/{build.ts,package.json}',
  'apps/sensor/src/**/*.ts',
  'contracts/src/**/*.ts',
  'foundation/merkle-log/src/**/*.ts',
  'platform/src/*.ts',
  'modules/ledger/src/*.ts',
  'package-lock.json',
];

/** Leaves `dist` as the sources say. It is built beside and moved into place: nobody is given half of it, and two builds at once do no harm. */
export async function buildSensorIfStale(): Promise<void> {
  const wanted = hashSources();
  if (builtFrom() === wanted) return;
  // Only here: a start that has nothing to build does not pay for loading the bundler.
  const { buildSensor } = await import('./build.ts');
  const staging = `${dist}-${process.pid}`;
  try {
    await buildSensor(staging);
    writeFileSync(join(staging, stampName), wanted);
    rmSync(dist, { recursive: true, force: true });
    renameSync(staging, dist);
  } catch (error) {
    // Whoever was faster has built the same.
    if (builtFrom() !== wanted) throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function builtFrom(): string | undefined {
  const stamp = join(dist, stampName);
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
}

function hashSources(): string {
  const hash = createHash('sha256');
  const files = globSync(sources, {
    cwd: root,
    exclude: (name) => name.endsWith('.test.ts') || name === 'node_modules',
  });
  for (const file of files.toSorted())
    hash
      .update(`${file}\n`)
      .update(readFileSync(join(root, file)))
      .update('\n');
  return hash.digest('hex');
}

if (import.meta.main) await buildSensorIfStale();
