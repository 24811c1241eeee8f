import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';

const sources = [
  'apps/console/{index.html,package.json}',
  'apps/console/public/**/*',
  'apps/console/src/**/*.{ts,tsx,css,html}',
  'content/src/fill-recipe.ts',
  'contracts/src/**/*.ts',
  'foundation/merkle-log/src/**/*.ts',
  'modules/ledger/src/*.ts',
  'package-lock.json',
];

/** A name for everything the built console is made of: the same sources, the same hash. */
export function hashConsoleSources(root: string): string {
  const hash = createHash('sha256');
  const files = globSync(sources, {
    cwd: root,
    exclude: (name) => name.endsWith('.test.ts') || name === 'node_modules',
  });
  for (const file of files.toSorted()) {
    hash.update(`${file}\n`);
    hash.update(readFileSync(`${root}/${file}`));
    hash.update('\n');
  }
  return hash.digest('hex');
}
