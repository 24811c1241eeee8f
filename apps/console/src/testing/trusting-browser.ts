// A Chromium whose user has installed an authority, as docs/https.md says. Certificate errors are not ignored.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

export const certutilMissing = existsSync('/usr/bin/certutil')
  ? undefined
  : 'Cannot make a browser trust an authority: apt-get install -y --no-install-recommends libnss3-tools';

/** Chromium's list of authorities on Linux: the newer place, and the older. */
const databases = ['.local/share/pki/nssdb', '.pki/nssdb'];

/** Installs the authority for a user whose home is `home`. */
export function installAuthority(home: string, pem: string): void {
  const file = join(home, 'authority.pem');
  mkdirSync(home, { recursive: true });
  writeFileSync(file, pem);
  for (const database of databases) {
    const directory = join(home, database);
    mkdirSync(directory, { recursive: true });
    certutil('-d', `sql:${directory}`, '-N', '--empty-password');
    certutil('-d', `sql:${directory}`, '-A', '-t', 'C,,', '-n', 'sallyport', '-i', file);
  }
}

function certutil(...given: string[]): void {
  const { status, stderr } = spawnSync('/usr/bin/certutil', given, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Cannot install the authority: ${stderr}`);
}

/** A browser of that user; `names` lead to this machine, as DNS would say it. */
export async function startBrowserOf(
  home: string,
  options: { readonly executablePath: string; readonly names: readonly string[] },
): Promise<Browser> {
  mkdirSync(home, { recursive: true });
  return chromium.launch({
    executablePath: options.executablePath,
    args: [
      '--no-sandbox',
      '--headless',
      '--disable-gpu',
      '--disable-background-networking',
      `--host-resolver-rules=${options.names.map((name) => `MAP ${name} 127.0.0.1`).join(', ')}`,
    ],
    env: { PATH: '/usr/bin:/bin', HOME: home },
  });
}
