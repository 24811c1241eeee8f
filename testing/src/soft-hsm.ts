// Two tokens of SoftHSM, which keeps in files what an HSM keeps in a chip.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const library = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/pkcs11/libsofthsm2.so'].find((path) =>
  existsSync(path),
);

/** Why tests with SoftHSM are not run, or false. */
export const softHsmMissing: string | false =
  library !== undefined && existsSync('/usr/bin/softhsm2-util')
    ? false
    : 'apt-get install -y --no-install-recommends softhsm2';

export type SoftHsm = {
  readonly module: string;
  readonly pin: string;
  readonly pinFile: string;
  /** For whoever loads the library. */
  readonly environment: { readonly SOFTHSM2_CONF: string };
  /** Of the first and the second token. */
  readonly serials: readonly [string, string];
};

type Made = { readonly directory: string; readonly serials: readonly [string, string] };
let made: Made | undefined;
const pin = '4711-test';

/** Puts the tokens into a directory. They are made once in a process; each place has a copy. */
export function createSoftHsm(root: string): SoftHsm {
  made ??= makeTokens();
  const [tokens, pinFile] = [join(root, 'tokens'), join(root, 'pin')];
  cpSync(made.directory, tokens, { recursive: true });
  writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 });
  const environment = { SOFTHSM2_CONF: writeConfiguration(root, tokens) };
  return { module: library ?? '', pin, pinFile, environment, serials: made.serials };
}

function makeTokens(): Made {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-softhsm-'));
  process.once('exit', () => rmSync(root, { recursive: true }));
  const directory = join(root, 'tokens');
  mkdirSync(directory);
  const env = { PATH: '/usr/bin:/bin', SOFTHSM2_CONF: writeConfiguration(root, directory) };
  const run = (...parameters: readonly string[]): string => {
    const result = spawnSync('softhsm2-util', parameters, { env, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`softhsm2-util: ${result.stdout}${result.stderr}`);
    return result.stdout;
  };
  for (const label of ['one', 'two']) {
    run('--init-token', '--free', '--label', label, '--so-pin', '0000-test', '--pin', pin);
  }
  const slots = run('--show-slots').split(/^Slot /m);
  const serialOf = (label: string): string => {
    const slot = slots.find((text) => new RegExp(`Label:\\s+${label}\\s*$`, 'm').test(text)) ?? '';
    return /Serial number:\s+([0-9a-f]+)/.exec(slot)?.[1] ?? '';
  };
  return { directory, serials: [serialOf('one'), serialOf('two')] };
}

function writeConfiguration(root: string, tokens: string): string {
  const file = join(root, 'softhsm2.conf');
  writeFileSync(file, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  return file;
}
