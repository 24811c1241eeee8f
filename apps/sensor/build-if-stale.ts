// Bundles the sensor into apps/sensor/dist when its sources are newer. Run by the server's supervisor, which runs it on this host.
import { messageOf } from '@sallyport/platform/errors';
import { join, resolve } from 'node:path';
import { leaveBuilt } from '@sallyport/platform/built-directory';

const root = resolve(import.meta.dirname, '../..');
/** What it is built of, and what builds it. */
export const sensorSources: readonly string[] = [
  'apps/sensor/{build.ts,build-if-stale.ts,package.json}',
  'apps/sensor/src/**/*.ts',
  'contracts/src/**/*.ts',
  'foundation/{log-formats,merkle-log}/src/**/*.ts',
  'platform/src/**/*.ts',
  'modules/ledger/src/*.ts',
  'package-lock.json',
];

/** Leaves `dist` as the sources say. */
export async function buildSensorIfStale(): Promise<void> {
  await leaveBuilt(join(import.meta.dirname, 'dist'), { root, patterns: sensorSources }, async (staging) => {
    // Only here: a start that has nothing to build does not pay for loading the bundler.
    const { buildSensor } = await import('./build.ts');
    await buildSensor(staging);
  });
}

if (import.meta.main)
  await buildSensorIfStale().catch((error: unknown) => {
    process.stderr.write(`Cannot build the sensor: ${messageOf(error)}\n`);
    process.exitCode = 1;
  });
