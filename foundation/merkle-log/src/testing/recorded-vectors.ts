import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Recorded data of other projects lies beside the checkout; a test that needs it says so instead of passing without. */
export function sharedData(...path: string[]): { directory: string; skip: string | false } {
  const directory = join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared', 'data', ...path);
  return { directory, skip: existsSync(directory) ? false : `there is no ${directory}` };
}
