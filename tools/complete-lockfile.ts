// Adds the optional platform packages that a partial registry mirror left out of package-lock.json,
// so that `npm ci`, which insists on a complete lockfile, works behind any mirror. Run after changing dependencies.
// Such an entry carries no hash; it concerns development tools on platforms other than Linux glibc.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

type LockEntry = {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};
type Lockfile = { packages: Record<string, LockEntry> };

const operatingSystems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x'];

function entryFor(name: string, version: string): LockEntry {
  const os = operatingSystems.find((word) => name.includes(word));
  const cpu = processors.find((word) => new RegExp(`-${word}(-|$)|/${os ?? ''}-${word}`).test(name));
  if (os === undefined || cpu === undefined) throw new Error(`Cannot tell the platform of "${name}" from its name`);
  const libc = name.includes('musl') ? ['musl'] : undefined;
  return { version, dev: true, optional: true, os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc }) };
}

/** npm wrote the file; that it holds `packages` is all that is relied on. */
function isLockfile(value: unknown): value is Lockfile {
  return typeof value === 'object' && value !== null && 'packages' in value && typeof value.packages === 'object';
}

function parseLockfile(text: string): Lockfile {
  const parsed: unknown = JSON.parse(text);
  if (!isLockfile(parsed)) throw new Error('Cannot read package-lock.json: it has no "packages"');
  return parsed;
}

const file = resolve(import.meta.dirname, '..', 'package-lock.json');
const lock = parseLockfile(readFileSync(file, 'utf8'));
let added = 0;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (key in lock.packages) continue;
    lock.packages[key] = entryFor(name, version);
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`Added ${added} optional platform packages to package-lock.json\n`);
