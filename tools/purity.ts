// `foundation/` computes and nothing else; `platform` knows nothing of the product.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding.ts';
import type { SourceFile } from './import-graph.ts';
import { levelOf } from './ranks.ts';
import { isTestingFile } from './workspace.ts';

/** Node modules that only compute. Everything else reads or changes the world. */
const pureNodeModules = new Set(['crypto', 'buffer', 'zlib', 'util', 'assert', 'assert/strict', 'string_decoder']);
const randomCrypto = /^(random|generate|getRandomValues|webcrypto|subtle|createDiffieHellman|createECDH)/;
const impureGlobals =
  /^(?:new )?(process|performance|fetch|globalThis|global|console|WebSocket|EventSource|XMLHttpRequest|navigator|localStorage|queueMicrotask|setTimeout|setInterval|setImmediate|BroadcastChannel|MessageChannel)(\.|$)/;
const impureMembers = new Set(['Date.now', 'Date', 'new Date()', 'Date.*', 'Math.random', 'Math.*', 'Math.[]']);
const impureCrypto = /\.(random|generate|getRandomValues|subtle|webcrypto)/;

const productWords = /(sigma|alert|ledger|finding|ocsf|incident|playbook)/i;

/** Input, output, clock and randomness in a foundation package, tests aside. */
export function findImpurities(sources: readonly SourceFile[]): Finding[] {
  const pure = sources.filter(
    (source) => levelOf(source.owner.folder)?.name === 'foundation' && !isTestingFile(source.file),
  );
  return pure.flatMap(({ file, facts }) => {
    const findings: Finding[] = [];
    for (const reference of facts.references) {
      if (!reference.specifier.startsWith('node:')) continue;
      const name = reference.specifier.slice('node:'.length);
      if (!pureNodeModules.has(name)) {
        findings.push({ file, line: reference.line, message: `"node:${name}": foundation does no input or output` });
      } else if (name === 'crypto') {
        const random = reference.names.filter(
          (taken) => taken === '*' || taken === 'default' || randomCrypto.test(taken),
        );
        for (const taken of random) {
          findings.push({
            file,
            line: reference.line,
            message: `"${taken}" of node:crypto: randomness must be handed in`,
          });
        }
      }
    }
    for (const { name, line } of facts.globals) {
      const impure =
        impureGlobals.test(name) || impureMembers.has(name) || (name.startsWith('crypto.') && impureCrypto.test(name));
      if (impure)
        findings.push({ file, line, message: `"${name}": clock, randomness and the world must be handed in` });
    }
    return findings;
  });
}

/** Words of the product in the platform package, comments included. */
export function findProductWords(root: string, sources: readonly SourceFile[]): Finding[] {
  return sources
    .filter((source) => levelOf(source.owner.folder)?.name === 'platform')
    .flatMap(({ file }) => {
      const lines = readFileSync(join(root, file), 'utf8').split('\n');
      return lines.flatMap((text, index) => {
        const word = productWords.exec(text)?.[0];
        if (word === undefined) return [];
        return [{ file, line: index + 1, message: `"${word}": platform knows no word of the product` }];
      });
    });
}
