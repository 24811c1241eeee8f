// A witness that is killed has never cosigned more than it knows after the next start.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { lockState } from './state/lock.ts';
import { createGrowingLog } from './testing/growing-log.ts';
import { createTestState } from './testing/test-witness.ts';

async function start(t: { after(callback: () => void): void }, script: string, args: readonly string[]) {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, script), ...args],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('listening ')) return { child, url: line.slice('listening '.length), ended };
  }
  throw new Error(`The witness did not start: ${JSON.stringify(await ended)}`);
}

for (const when of ['before', 'after'] as const) {
  test(`killed ${when} the state is on disk, a witness answers nothing, and goes on from what is there`, async (t) => {
    const state = createTestState(t);
    const log = createGrowingLog();
    log.append(5);
    state.watch(log.vkey);
    const { url, ended } = await start(t, 'testing/dying-witness.ts', [state.directory, when]);
    await assert.rejects(fetch(`${url}/add-checkpoint`, { method: 'POST', body: log.request(0) }));
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    state.clock.setWall(Date.now());
    const witness = state.open();
    assert.equal(witness.logs()[0]?.newest?.treeSize, when === 'before' ? undefined : 5);
    const again = witness.addCheckpoint(Buffer.from(log.request(0)), 'test');
    assert.equal(again.status, when === 'before' ? 200 : 409);
    assert.equal(witness.addCheckpoint(Buffer.from(log.request(5)), 'test').status, 200);
  });
}

test('killed at any moment under load, a witness knows everything it has cosigned', async (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(1);
  state.watch(log.vkey);
  let cosigned = 0;
  const args = ['serve', '--state', state.directory, '--listen', '127.0.0.1:0', '--rate', '100000'];
  const { child, url, ended } = await start(t, 'main.ts', args);
  for (;;) {
    log.append(1);
    // The kill falls somewhere into the requests that follow, wherever the machine is by then.
    if (cosigned >= 8) child.kill('SIGKILL');
    const body = log.request(cosigned);
    const size = log.size();
    const status = await fetch(`${url}/add-checkpoint`, { method: 'POST', body }).then(
      (response) => response.text().then(() => response.status),
      () => undefined,
    );
    if (status === undefined) break;
    assert.equal(status, 200);
    cosigned = size;
  }
  await ended;
  assert.equal((state.open().logs()[0]?.newest?.treeSize ?? 0) >= cosigned, true);
});

test('two witnesses cannot serve one state', async (t) => {
  const state = createTestState(t);
  const args = ['serve', '--state', state.directory, '--listen', '127.0.0.1:0'];
  const { child, ended } = await start(t, 'main.ts', args);
  assert.throws(() => lockState(state.directory, 'serving', 0), { code: 'state_locked' });
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});
