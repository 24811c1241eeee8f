// Builds the web console into apps/console/dist when its sources are newer. Run by the server's supervisor and by checks.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { leaveBuilt } from '@sallyport/platform/built-directory';
import { consoleSources } from './console-sources.ts';

const root = resolve(import.meta.dirname, '../../../..');
const consoleRoot = join(root, 'apps', 'console');
const dist = join(consoleRoot, 'dist');

/** Leaves `dist` as the sources say, and does nothing when it already is. */
export async function buildConsoleIfStale(say: (line: string) => void): Promise<void> {
  await leaveBuilt(dist, { root, patterns: consoleSources }, async (staging) => {
    say('Building the console (once after a change, about ten seconds)…');
    await build(staging);
  });
}

async function build(outDir: string): Promise<void> {
  // Only here: a start that has nothing to build does not pay for loading the bundler.
  const [{ build: bundle }, { default: react }, { verifierPlugin }, { buildOfflinePage, clipPage, evidencePage }] =
    await Promise.all([
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
  writeFileSync(join(outDir, 'evidence.html'), await buildOfflinePage(evidencePage));
  writeFileSync(join(outDir, 'clip.html'), await buildOfflinePage(clipPage));
}

if (import.meta.main) await buildConsoleIfStale((line) => process.stderr.write(`${line}\n`));
