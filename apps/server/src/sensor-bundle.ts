import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type BundleFile = { readonly name: string; readonly bytes: Uint8Array; readonly sha256: string };

/** The sensor, for this host and for others. */
export type SensorBundle = {
  /** Where its program stands here. */
  readonly file: string;
  readonly program: BundleFile;
  /** What it runs when there are YARA rules. */
  readonly engine: readonly BundleFile[];
};

const bundleFolder = join(import.meta.dirname, '..', '..', 'sensor', 'dist');
const programName = 'sallyport-sensor.mjs';
const engineNames = ['sallyport-sensor-yara.mjs', 'yara_x_js_bg.wasm', 'LICENSES.txt'];

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
export function sensorBundle(folder: string = bundleFolder): SensorBundle | undefined {
  const read = (name: string): BundleFile => {
    const bytes = readFileSync(join(folder, name));
    return { name, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  };
  try {
    return { file: join(folder, programName), program: read(programName), engine: engineNames.map(read) };
  } catch {
    return undefined;
  }
}
