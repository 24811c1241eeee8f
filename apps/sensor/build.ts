// Makes the sensor installable on its own: one bundled file for Node 22 and later.
import { build } from 'esbuild';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Writes `sallyport-sensor.mjs`, which needs nothing beside Node. Refuses to bundle packages from outside: their licences would have to go with it. Gives the path. */
export async function buildSensor(outputDirectory: string): Promise<string> {
  rmSync(outputDirectory, { recursive: true, force: true });
  mkdirSync(outputDirectory, { recursive: true });
  const outfile = join(outputDirectory, 'sallyport-sensor.mjs');
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, 'src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    metafile: true,
    logLevel: 'error',
    absWorkingDir: root,
  });
  const foreign = Object.keys(metafile.inputs).find(
    (input) => input.includes('node_modules/') && !input.includes('node_modules/@sallyport/'),
  );
  if (foreign !== undefined) throw new Error(`Cannot bundle "${foreign}": must come from this repository`);
  chmodSync(outfile, 0o755);
  return outfile;
}

if (import.meta.main) process.stdout.write(`${await buildSensor(join(import.meta.dirname, 'dist'))}\n`);
