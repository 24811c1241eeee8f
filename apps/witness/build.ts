// Makes the witness installable on its own: one bundled file for Node 24.7 and later, which holds nothing from outside this repository.
import { programOptions, refuseForeign } from '@sallyport/platform/bundled-program';
import { build } from 'esbuild';
import { chmodSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Writes `sallyport-witness.mjs`, which needs nothing beside Node. Gives its path. */
export async function buildWitness(outputDirectory: string): Promise<string> {
  mkdirSync(outputDirectory, { recursive: true });
  const outfile = join(outputDirectory, 'sallyport-witness.mjs');
  const { metafile } = await build({
    ...programOptions({
      entry: join(import.meta.dirname, 'src/main.ts'),
      outfile,
      root,
      node: { major: 24, minor: 7 },
    }),
  });
  refuseForeign(Object.keys(metafile.inputs));
  chmodSync(outfile, 0o755);
  return outfile;
}

if (import.meta.main)
  process.stdout.write(`${await buildWitness(process.argv[2] ?? join(import.meta.dirname, 'dist'))}\n`);
