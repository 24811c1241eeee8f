import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

/**
 * What this process need not compile again, its children and threads need not either: all they are told of the environment when they are
 * to have none of it. Node names a folder of its version in it.
 */
export function compileCacheEnvironment(): Readonly<Record<string, string>> {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) };
}
