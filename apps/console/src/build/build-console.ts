// Builds the web console into apps/console/dist when its sources are newer. Run by the server's supervisor and by checks.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hashConsoleSources } from './source-hash.ts';

const root = resolve(import.meta.dirname, '../../../..');
const consoleRoot = join(root, 'apps', 'console');
const dist = join(consoleRoot, 'dist');
const stampName = '.sources';

/**
 * Leaves `dist` as the sources say and does nothing when it already is. It is built beside and moved into place, so that
 * nobody is served half of it, and two builds at once do no harm.
 */
export async function buildConsoleIfStale(say: (line: string) => void): Promise<void> {
  const wanted = hashConsoleSources(root);
  if (builtFrom() === wanted) return;
  say('Building the console (once after a change, about ten seconds)…');
  const staging = `${dist}-${process.pid}`;
  try {
    await build(staging);
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

async function build(outDir: string): Promise<void> {
  // Only here: a start that has nothing to build does not pay for loading the bundler.
  const [{ build: bundle }, { default: react }, { verifierPlugin }, { buildOfflinePage }] = await Promise.all([
    import('vite'),
    import('@vitejs/plugin-react'),
    import('./verifier-plugin.ts'),
    import('./offline-page.ts'),
  ]);
  await bundle({
    configFile: false,
    root: consoleRoot,
    logLevel: 'error',
    plugins: [verifierPlugin(), react()],
    worker: { format: 'es', plugins: () => [verifierPlugin()] },
    build: {
      outDir,
      emptyOutDir: true,
      target: ['chrome123', 'firefox128', 'safari17.5'],
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
  writeFileSync(join(outDir, 'evidence.html'), await buildOfflinePage());
}

if (import.meta.main) await buildConsoleIfStale((line) => process.stderr.write(`${line}\n`));
