// Only for tests: where weights are on a machine that has them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..', '..');

/** Beside the checkout, where developers keep them; under node_modules, where the launcher puts them. */
export const weightsDirectories: readonly string[] = [
  join(root, '..', 'shared', 'models'),
  join(root, 'data', 'models'),
  join(root, 'node_modules', '.cache', 'models'),
];

export function weightsDirectory(file: string): string | undefined {
  return weightsDirectories.find((directory) => existsSync(join(directory, file)));
}

/** For `skip`: on a developer's machine a test without its tools is left out, in CI it fails with the reason. */
export function unlessMissing(missing: string | undefined): string | false {
  if (missing === undefined) return false;
  // oxlint-disable-next-line node/no-process-env -- only tests load this file
  if (process.env['CI'] === 'true') throw new Error(`Missing for this test: ${missing}`);
  return `missing: ${missing}`;
}
