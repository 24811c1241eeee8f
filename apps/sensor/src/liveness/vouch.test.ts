import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { isSignedBy, loadIdentity } from './identity.ts';
import { startVouching } from './vouch.ts';

const directory = mkdtempSync(join(tmpdir(), 'sensor-vouch-'));
after(() => rmSync(directory, { recursive: true }));
const identity = loadIdentity(join(directory, 'identity.pem'));
const clock = createManualClock(1_700_000_000_000);
const nonce = 'n'.repeat(43);

/** Until it can be reached. */
async function vouching(name: string): Promise<{ path: string; warnings: string[]; close: () => void }> {
  const path = join(directory, name);
  const warnings: string[] = [];
  const log = createLog({ clock, write: (line) => void warnings.push(line) });
  const { close } = startVouching({ socketPath: path, identity, host: 'host-a', clock, log });
  while (statSync(path, { throwIfNoEntry: false }) === undefined && warnings.length === 0)
    await new Promise((resolve) => setImmediate(resolve));
  return { path, warnings, close };
}

/** All that comes until it hangs up. */
async function said(path: string, text: string): Promise<string> {
  const socket = connect(path);
  let answer = '';
  socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

test('who is on the machine has its nonce signed, for this host and time, and everybody may ask', async () => {
  const { path, close } = await vouching('a.sock');
  assert.equal(statSync(path).mode & 0o666, 0o666);
  const line = parseJson(await said(path, `{"nonce":"${nonce}","server":"gate.example:7443"}\n`));
  assert.ok(isJsonObject(line));
  assert.deepEqual(
    [line['event'], line['host'], line['nonce'], line['server'], line['key_id'], line['time']],
    ['sensor.vouched', 'host-a', nonce, 'gate.example:7443', identity.keyId, new Date(clock.nowMs()).toISOString()],
  );
  assert.equal(isSignedBy(identity.publicKey, line), true);
  assert.equal(isSignedBy(identity.publicKey, { ...line, host: 'host-b' }), false);
  assert.equal(isSignedBy(identity.publicKey, { ...line, server: 'other.example' }), false, 'for this server alone');
  close();
});

test('nothing else is signed: no other words, no long ones, no more than a few a second', async () => {
  const { path, close } = await vouching('b.sock');
  for (const wrong of [
    '\n',
    'x\n',
    '[]\n',
    `{"nonce":"${'n'.repeat(42)}"}\n`,
    `{"nonce":"${'n'.repeat(42)}\\n"}\n`,
    '{"nonce":{"event":"sensor.stopped"}}\n',
    `{"nonce":"${nonce}","server":"a"${' '.repeat(600)}}\n`,
    `{"nonce":"${nonce}"}\n`,
    `{"nonce":"${nonce}","server":""}\n`,
    `{"nonce":"${nonce}","server":["a"]}\n`,
    `{"nonce":"${nonce}","server":"a b"}\n`,
  ])
    assert.equal(await said(path, wrong), '', wrong);
  // What is asked beside the nonce is not repeated.
  const line = parseJson(await said(path, `{"nonce":"${nonce}","server":"gate.example","event":"sensor.stopped"}\n`));
  assert.ok(isJsonObject(line) && line['event'] === 'sensor.vouched');
  let refused = 0;
  for (let asked = 0; asked < 30; asked += 1)
    if ((await said(path, `{"nonce":"${nonce}","server":"gate.example:7443"}\n`)) === '') refused += 1;
  assert.ok(refused >= 10, String(refused));
  clock.advance(1000);
  assert.notEqual(await said(path, `{"nonce":"${nonce}","server":"gate.example:7443"}\n`), '');
  close();
});

test('a socket that was left behind is taken over; another file stays, and the sensor goes on', async () => {
  const first = await vouching('c.sock');
  // Its name goes with it: as after a kill, only the name is left.
  const again = await vouching('c.sock');
  assert.notEqual(await said(again.path, `{"nonce":"${nonce}","server":"gate.example:7443"}\n`), '');
  again.close();
  first.close();
  const file = join(directory, 'd.sock');
  writeFileSync(file, 'mine');
  const { warnings } = await vouching('d.sock');
  while (warnings.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.match(warnings.join(''), /nobody on this machine can ask/);
});

test('who only holds on keeps nobody from being vouched for, and nothing stays open after the end', async () => {
  const { path, close } = await vouching('e.sock');
  const closed: Promise<unknown>[] = [];
  const holders = Array.from({ length: 20 }, () => {
    const socket = connect(path);
    socket.on('error', () => undefined);
    closed.push(once(socket, 'close'));
    return socket;
  });
  await Promise.all(holders.map((socket) => once(socket, 'connect')));
  // They are the oldest: one of them makes room.
  assert.notEqual(await said(path, `{"nonce":"${nonce}","server":"gate.example:7443"}\n`), '');
  // What they send gives them no more time.
  const drip = setInterval(() => {
    for (const socket of holders) if (socket.writable) socket.write(' ');
  }, 200);
  await Promise.all(closed);
  clearInterval(drip);
  assert.notEqual(await said(path, `{"nonce":"${nonce}","server":"gate.example:7443"}\n`), '');
  const last = connect(path);
  await once(last, 'connect');
  last.write(' ');
  // It is taken on when a later one was answered.
  clock.advance(1000);
  assert.notEqual(await said(path, `{"nonce":"${nonce}","server":"gate.example:7443"}\n`), '');
  close();
  await once(last, 'close');
});
