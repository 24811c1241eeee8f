// Daemons of Debian, unpacked and not installed: an installed one would start by itself and listen, and two of them exclude each other.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const known = {
  rsyslogd: { path: 'usr/sbin/rsyslogd', packages: ['rsyslog', 'rsyslog-gnutls'] },
  'syslog-ng': { path: 'usr/sbin/syslog-ng', packages: ['syslog-ng-core'] },
  sshd: { path: 'usr/sbin/sshd', packages: ['openssh-server'] },
  ssh: { path: 'usr/bin/ssh', packages: ['openssh-client'] },
} as const;

export type DebianProgramName = keyof typeof known;

export type DebianProgram = {
  readonly path: string;
  /** Where the packages lie, as in `/`. */
  readonly root: string;
  /** Lets the program find the libraries that lie beside it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A directory of this name below a directory of libraries: where it keeps its modules. */
  modules(name: string): string;
};

const cache = resolve(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'debian-programs');

/** The program, or undefined when `unpackDebianPrograms` did not bring it here. */
export function debianProgram(name: DebianProgramName): DebianProgram | undefined {
  const root = join(cache, name);
  const path = join(root, known[name].path);
  if (!existsSync(path)) return undefined;
  const libraries = ['usr/lib', 'lib'].flatMap((folder) => foldersIn(join(root, folder)));
  return {
    path,
    root,
    environment: { LD_LIBRARY_PATH: libraries.join(':') },
    modules(folder) {
      const found = libraries.map((library) => join(library, folder)).find((candidate) => existsSync(candidate));
      if (found === undefined) throw new Error(`${name} has no directory "${folder}" in ${libraries.join(', ')}`);
      return found;
    },
  };
}

/** Why tests that need these cannot run here, or false when they can. */
export function missingPrograms(...names: readonly DebianProgramName[]): string | false {
  const missing = names.filter((name) => debianProgram(name) === undefined);
  return missing.length > 0 && `not unpacked: ${missing.join(', ')} (node tools/launch.mjs tools/test.ts senders)`;
}

/** Brings all of them here with apt, which needs no rights for it once it has package lists. Throws when that fails. */
export function unpackDebianPrograms(): void {
  mkdirSync(cache, { recursive: true });
  let isListed = false;
  for (const [name, { path, packages }] of Object.entries(known)) {
    if (existsSync(join(cache, name, path))) continue;
    if (!isListed && process.getuid?.() === 0) run('apt-get', ['update'], cache);
    isListed = true;
    const directory = mkdtempSync(join(cache, 'partial-'));
    try {
      const needed = [...new Set([...missingDependencies(packages), ...packages])];
      run('apt-get', ['download', ...needed], directory);
      const unpacked = join(directory, 'root');
      for (const file of readdirSync(directory).filter((entry) => entry.endsWith('.deb')))
        run('dpkg-deb', ['-x', join(directory, file), unpacked], directory);
      rmSync(join(cache, name), { recursive: true, force: true });
      renameSync(unpacked, join(cache, name));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

/** What apt would install along; nothing is installed. */
function missingDependencies(packages: readonly string[]): string[] {
  const plan = spawnSync('apt-get', ['install', '-s', '-y', '--no-install-recommends', ...packages], {
    encoding: 'utf8',
  });
  return [...(plan.stdout ?? '').matchAll(/^Inst (\S+)/gm)].flatMap((found) => found[1] ?? []);
}

function foldersIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(directory, entry.name));
}

function run(command: string, args: readonly string[], directory: string): void {
  const result = spawnSync(command, args, { cwd: directory, encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${result.error?.message ?? result.stderr.slice(-2000)}`);
}
