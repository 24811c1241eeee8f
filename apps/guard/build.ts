// Makes the guard installable on its own: one bundled file for Node 20 and later, which needs nothing beside Node.
import { nodeVersionFirst } from '@sallyport/platform/node-version-first';
import { build } from 'esbuild';
import { chmodSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Writes `sallyport-guard.mjs`. Gives its path. */
export async function buildGuard(outputDirectory: string): Promise<string> {
  mkdirSync(outputDirectory, { recursive: true });
  const outfile = join(outputDirectory, 'sallyport-guard.mjs');
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, 'src/main.ts')],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    ...nodeVersionFirst({ major: 20, minor: 0 }),
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

if (import.meta.main)
  process.stdout.write(`${await buildGuard(process.argv[2] ?? join(import.meta.dirname, 'dist'))}\n`);
