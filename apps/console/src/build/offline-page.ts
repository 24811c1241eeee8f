import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { verifierPlugin } from './verifier-plugin.ts';

/** The page that "Download evidence" fills: the evidence takes the place of `<!--EVIDENCE-->`. */
export const evidencePage = join(import.meta.dirname, '..', 'seal', 'offline');
/** The page of an exported clip: what was recorded takes the place of `<!--CLIP-->`. */
export const clipPage = join(import.meta.dirname, '..', 'clip');

/** What all such pages look like; each adds its own. */
const sharedStyle = join(import.meta.dirname, 'offline-page.css');

/**
 * One file with the verifier of `folder` (its `main.ts` and `page.html`) and its style inside, which asks nothing of any
 * network.
 */
export async function buildOfflinePage(folder: string): Promise<string> {
  const output = await build({
    configFile: false,
    root: folder,
    logLevel: 'error',
    plugins: [verifierPlugin()],
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: join(folder, 'main.ts'), formats: ['iife'], name: 'sallyport', fileName: 'verifier' },
    },
  });
  const results = Array.isArray(output) ? output : [output];
  const script = results
    .flatMap((result) => ('output' in result ? result.output : []))
    .map((chunk) => (chunk.type === 'chunk' ? chunk.code : ''))
    .join('');
  const page = readFileSync(join(folder, 'page.html'), 'utf8');
  // In a replacement text `$` has a meaning, in a script "</script" ends it.
  const inlined = script.replaceAll(/<\/(script)/gi, '<\\/$1').replaceAll('\r', '');
  // No other script runs in the page, whatever the evidence in it says.
  const hashed = `'sha256-${hash('sha256', inlined, 'base64')}'`;
  return page
    .replace('/*STYLE*/', () => readFileSync(sharedStyle, 'utf8').trim())
    .replace("'SCRIPT-HASH'", hashed)
    .replace(/<script>\s*\/\*SCRIPT\*\/\s*<\/script>/, () => `<script>${inlined}</script>`);
}
