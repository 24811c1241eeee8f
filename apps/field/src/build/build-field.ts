// Builds the field client into apps/field/dist when its sources are newer. Run by the server's supervisor.
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { leaveBuilt } from '@sallyport/platform/built-directory';

const root = resolve(import.meta.dirname, '../../../..');
const fieldRoot = join(root, 'apps', 'field');
const dist = join(fieldRoot, 'dist');
const base = '/field/';
const target = ['chrome123', 'firefox128', 'safari17.5'];
const common = { configFile: false, root: fieldRoot, base, logLevel: 'error' } as const;

const sources = [
  'apps/field/{index.html,package.json}',
  'apps/field/public/**/*',
  'apps/field/src/**/*.{ts,css}',
  'contracts/src/**/*.ts',
  'foundation/segment-format/src/**/*.ts',
  'package-lock.json',
];

/** Leaves `dist` as the sources say, and does nothing when it already is. */
export async function buildFieldIfStale(say: (line: string) => void): Promise<void> {
  await leaveBuilt(dist, { root, patterns: sources }, async (staging) => {
    say('Building the field client (once after a change, a few seconds)…');
    await build(staging);
  });
}

async function build(outDir: string): Promise<void> {
  // Only here: a start that has nothing to build does not pay for loading the bundler.
  const { build: bundle } = await import('vite');
  await bundle({
    ...common,
    worker: { format: 'es' },
    build: {
      outDir,
      emptyOutDir: true,
      target,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
  await bundleWorker(outDir, 'sound-worklet', {});
  await buildServiceWorker(outDir);
}

/** For the files that lie there, every one of which it names: the last thing that is built. */
async function buildServiceWorker(outDir: string): Promise<void> {
  await bundleWorker(outDir, 'service-worker', { SHELL: JSON.stringify(shellOf(outDir)) });
}

async function bundleWorker(outDir: string, file: string, define: Readonly<Record<string, string>>): Promise<void> {
  const { build: bundle } = await import('vite');
  await bundle({
    ...common,
    publicDir: false,
    define,
    build: {
      outDir,
      emptyOutDir: false,
      target,
      reportCompressedSize: false,
      lib: {
        entry: join(fieldRoot, 'src', 'workers', `${file}.ts`),
        formats: ['iife'],
        name: 'sallyport',
        fileName: () => `${file}.js`,
      },
    },
  });
}

/** What the service worker keeps: every file by its address, and one name for all of their content. */
function shellOf(directory: string): { readonly version: string; readonly files: readonly string[] } {
  const names = globSync('**/*.*', { cwd: directory })
    .filter((name) => !name.startsWith('.') && name !== 'service-worker.js')
    .toSorted();
  const hash = createHash('sha256');
  for (const name of names) hash.update(`${name}\n`).update(readFileSync(join(directory, name)));
  return {
    version: hash.digest('hex').slice(0, 16),
    files: names.map((name) => (name === 'index.html' ? base : `${base}${name}`)),
  };
}

if (import.meta.main) await buildFieldIfStale((line) => process.stderr.write(`${line}\n`));
