/** What the built console is made of, this build among it. */
export const consoleSources = [
  'apps/console/{index.html,package.json}',
  'apps/console/public/**/*',
  'apps/console/src/**/*.{ts,tsx,css,html}',
  'content/src/fill-recipe.ts',
  'contracts/src/**/*.ts',
  'foundation/merkle-log/src/**/*.ts',
  'foundation/segment-format/src/**/*.ts',
  'modules/camera-watch/src/recording/**/*.ts',
  'modules/ledger/src/{*,range/**/*}.ts',
  'package-lock.json',
  'platform/src/errors.ts',
];
