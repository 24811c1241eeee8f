#!/usr/bin/env node
// Turns the entries of packages that consist of many small files into one file each, once after every install: Node needs
// 0.3 ms for every file, and these have a thousand between them, in nearly every process. What may be imported, its types
// and what it does stay as they are; only the installed copy is written, and `npm ci` puts back the original.
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { adaptFastCheck } from './adapt-fast-check.mjs';

/** Written as modules that import nothing relative from outside their package, and loaded by import alone. */
export const packedPackages = ['typebox', 'kysely', '@simplewebauthn/server'];

const marker = 'packed.json';

/** The files `import` leads to, by what the package says of itself. */
function entriesOf(directory) {
  const { exports } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return Object.values(exports).map((target) => join(directory, target.import));
}

/** Packs what is not packed yet. Throws when a package is not as expected; it is then as it was. */
export async function packDependencies(modules, names = packedPackages) {
  const { build } = await import('esbuild');
  for (const name of names) {
    const directory = join(modules, name);
    if (existsSync(join(directory, marker))) continue;
    const entries = entriesOf(directory);
    const base = dirname(entries.toSorted((one, other) => one.length - other.length)[0]);
    const staging = mkdtempSync(join(directory, 'packing-'));
    try {
      const { metafile } = await build({
        entryPoints: entries,
        outdir: staging,
        outbase: base,
        outExtension: { '.js': entries[0].slice(entries[0].lastIndexOf('.')) },
        // What several have in common exists once, as before.
        splitting: true,
        chunkNames: 'packed-[hash]',
        bundle: true,
        packages: 'external',
        format: 'esm',
        platform: 'node',
        target: 'node24',
        metafile: true,
        // As printed by errors, and asked for by a few.
        keepNames: true,
        logLevel: 'silent',
      });
      const made = readdirSync(staging, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(staging, join(entry.parentPath, entry.name)))
        // What the entries import has to be there before they are.
        .toSorted((one, other) => Number(other.startsWith('packed-')) - Number(one.startsWith('packed-')));
      for (const file of made) renameSync(join(staging, file), join(base, file));
      const files = Object.keys(metafile.inputs).length;
      writeFileSync(join(directory, marker), `${JSON.stringify({ files, made })}\n`);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  }
}

if (import.meta.main) {
  const modules = join(import.meta.dirname, '..', 'node_modules');
  if (!adaptFastCheck(modules))
    process.stderr.write('fast-check stays as it was installed: tests take longer, and begin anywhere\n');
  await packDependencies(modules);
}
