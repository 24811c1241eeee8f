import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '@sallyport/testing/waiting';

const folder = mkdtempSync(join(tmpdir(), 'sensor-gone-'));
const spool = join(folder, 'state', 'spool');
after(() => rmSync(folder, { recursive: true, force: true }));

test('a sensor whose spool is removed while it runs ends, so that it is started again', async (t) => {
  writeFileSync(join(folder, 'key'), 'sp_key', { mode: 0o600 });
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'main.ts'),
      'run',
      '--server=http://127.0.0.1:9',
      `--key-file=${join(folder, 'key')}`,
      `--state=${join(folder, 'state')}`,
      '--only-paths',
      '--without=processes,sockets,inventory,audit,journal',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'close');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  await eventually({
    what: 'the sensor runs and has a spool',
    timeoutMs: 120_000,
    everyMs: 20,
    look: () => (said.includes('the sensor runs') && existsSync(spool)) || undefined,
    describe: () => said,
  });
  // Moved away and not removed file by file: the sensor goes on writing into it meanwhile.
  renameSync(spool, join(folder, 'gone'));
  const [code]: unknown[] = await ended;
  // Not 78, after which systemd leaves it.
  assert.equal(code, 1, said);
  assert.match(said, /spool" was removed/);
});
