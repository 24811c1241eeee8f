import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `bash -n` says of each script: whether it takes it. */
export function bashTakes(scripts: readonly string[]): boolean[] {
  const folder = mkdtempSync(join(tmpdir(), 'bash-'));
  for (const [index, script] of scripts.entries()) writeFileSync(join(folder, String(index)), script);
  const run = spawnSync(
    'bash',
    [
      '-c',
      `i=0; while [ $i -lt ${scripts.length} ]; do bash -n "$0/$i" 2>/dev/null; echo $?; i=$((i+1)); done`,
      folder,
    ],
    { encoding: 'utf8', timeout: 240_000, maxBuffer: 1 << 26, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' } },
  );
  rmSync(folder, { recursive: true });
  return run.stdout
    .trim()
    .split('\n')
    .map((status) => status === '0');
}
