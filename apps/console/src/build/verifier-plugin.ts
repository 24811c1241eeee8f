import { join } from 'node:path';
import type { Plugin } from 'vite';

const browser = join(import.meta.dirname, '..', 'seal', 'browser');
/** The modules that were written for Node and run in the browser unchanged. */
const nodeModules = /\/(?:contracts|foundation\/merkle-log|modules\/ledger)\/src\/[^?]+\.ts$/;

/** Gives the verifier's modules what they expect of Node: two built-in modules and the global `Buffer`. */
export function verifierPlugin(): Plugin {
  return {
    name: 'sallyport-verifier',
    enforce: 'pre',
    resolveId(source) {
      if (source === 'node:crypto') return join(browser, 'node-crypto.ts');
      if (source === 'node:buffer') return join(browser, 'node-buffer.ts');
      return undefined;
    },
    transform(code, id) {
      if (!nodeModules.test(id) || !/\bBuffer\b/.test(code)) return undefined;
      return { code: `import { Buffer } from ${JSON.stringify(join(browser, 'bytes.ts'))};${code}`, map: null };
    },
  };
}
