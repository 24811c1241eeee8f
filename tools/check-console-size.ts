// What a browser fetches before the first room stands: the page, what it names, and the overview with all it needs.
// Measured as sent compressed; over the limit the console is no longer quick on a slow line.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { reportCheck, rootFromArguments } from './finding.ts';
import type { CheckResult } from './finding.ts';

export const firstViewLimitBytes = 300_000;

/** Room whose code belongs to the first view. */
const firstRoom = /^overview-room-/;

/** Throws when the console is not built. */
export function checkConsoleSize(dist: string, limitBytes = firstViewLimitBytes): CheckResult {
  const page = readFileSync(join(dist, 'index.html'), 'utf8');
  const assets = join(dist, 'assets');
  const names = existsSync(assets) ? readdirSync(assets) : [];
  const wanted = new Set(names.filter((name) => page.includes(`/assets/${name}`) || firstRoom.test(name)));
  // A set that grows while it is walked: what a script imports statically comes with it.
  for (const name of wanted) {
    if (!name.endsWith('.js')) continue;
    const script = readFileSync(join(assets, name), 'utf8');
    for (const imported of script.matchAll(/(?:from|import)\s*["'`]\.\/([\w.-]+)["'`]/g)) {
      if (imported[1] !== undefined && names.includes(imported[1])) wanted.add(imported[1]);
    }
  }
  const files = ['index.html', ...[...wanted].map((name) => join('assets', name))];
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file))).length, 0);
  const message = `The first view is ${bytes} bytes compressed, must be at most ${limitBytes}`;
  return {
    lookedAt: wanted.size === 0 ? 0 : files.length,
    what: `files of the first view, ${Math.round(bytes / 1000)} kB compressed`,
    findings: bytes > limitBytes ? [{ file: 'apps/console', message }] : [],
  };
}

if (import.meta.main) {
  const root = rootFromArguments();
  const builder = join(root, 'apps', 'console', 'src', 'build', 'build-console.ts');
  const built = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', builder], { stdio: 'inherit' });
  if (built.status !== 0) throw new Error('Cannot build the console');
  reportCheck(checkConsoleSize(join(root, 'apps', 'console', 'dist')));
}
