// Makes the guard installable on its own: one bundled file for Node 20.15 and later, which needs nothing beside Node.
import { programOptions, refuseForeign } from '@sallyport/platform/bundled-program';
import { build } from 'esbuild';
import { chmodSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Writes `sallyport-guard.mjs`. Gives its path. */
export async function buildGuard(outputDirectory: string): Promise<string> {
  mkdirSync(outputDirectory, { recursive: true });
  const outfile = join(outputDirectory, 'sallyport-guard.mjs');
  const { metafile } = await build({
    ...programOptions({
      entry: join(import.meta.dirname, 'src/main.ts'),
      outfile,
      root,
      node: { major: 20, minor: 15 },
    }),
    minify: true,
  });
  refuseForeign(Object.keys(metafile.inputs));
  chmodSync(outfile, 0o755);
  return outfile;
}

if (import.meta.main)
  process.stdout.write(`${await buildGuard(process.argv[2] ?? join(import.meta.dirname, 'dist'))}\n`);
