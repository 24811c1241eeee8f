import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The sensor as one file, for this host and for others. */
export type SensorBundle = { readonly file: string; readonly bytes: Uint8Array; readonly sha256: string };

const bundleFile = join(import.meta.dirname, '..', '..', 'sensor', 'dist', 'sallyport-sensor.mjs');

/** The service that runs it on other hosts. */
export const sensorUnitFile = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'deploy',
  'systemd',
  'sallyport-sensor.service',
);

/** Undefined when it was not built. */
export function sensorBundle(file: string = bundleFile): SensorBundle | undefined {
  try {
    const bytes = readFileSync(file);
    return { file, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch {
    return undefined;
  }
}
