import { hashSources } from '@sallyport/platform/built-directory';

const sources = [
  'apps/console/{index.html,package.json}',
  'apps/console/public/**/*',
  'apps/console/src/**/*.{ts,tsx,css,html}',
  'content/src/fill-recipe.ts',
  'contracts/src/**/*.ts',
  'foundation/merkle-log/src/**/*.ts',
  'foundation/segment-format/src/**/*.ts',
  'modules/camera-watch/src/recording/**/*.ts',
  'modules/ledger/src/*.ts',
  'package-lock.json',
];

/** A name for everything the built console is made of: the same sources, the same hash. */
export function hashConsoleSources(root: string): string {
  return hashSources(root, sources);
}
