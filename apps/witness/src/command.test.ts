import { systemClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as tlsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { TLSSocket } from 'node:tls';
import { runCommandLine } from './command.ts';
import { stateFiles } from './state/state-directory.ts';
import { createGrowingLog } from './testing/growing-log.ts';
import { cosignedAt } from './testing/test-witness.ts';

type TestContext = { after(callback: () => void): void };

function commandLine(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-witness-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const state = join(folder, 'state');
  let seed = 0;
  const run = async (
    args: readonly string[],
    serving: { stop?: AbortSignal; out?: (text: string) => void; onReload?: (reload: () => void) => void } = {},
  ) => {
    let [out, err] = ['', ''];
    const code = await runCommandLine([...args, '--state', state], {
      clock: systemClock,
      log: createLog({ clock: systemClock, write: (line) => void (err += line) }),
      files: stateFiles,
      random: (bytes) => Buffer.alloc(bytes, (seed += 1)),
      out(text) {
        out += text;
        serving.out?.(text);
      },
      err: (text) => void (err += text),
      stop: serving.stop ?? new AbortController().signal,
      onReload: serving.onReload ?? (() => undefined),
    });
    return { code, out, err };
  };
  /** Serves until the test is over; gives the address. */
  const serve = async (args: readonly string[], onReload?: (reload: () => void) => void) => {
    const stop = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const done = run(['serve', ...args], {
      stop: stop.signal,
      out: (text) => resolve(text.trim().replace('listening ', '')),
      ...(onReload === undefined ? {} : { onReload }),
    });
    done.then(({ err }) => reject(new Error(err)), reject);
    t.after(() => stop.abort());
    return { url: await promise, stop: () => stop.abort(), done };
  };
  return { folder, state, run, serve };
}

test('init, key, logs, serve and status work together', async (t) => {
  const { state, run, serve } = commandLine(t);
  const made = await run(['init', '--name', 'witness.example/w1']);
  assert.equal(made.code, 0, made.err);
  const vkeys = made.out.trim().split('\n');
  assert.equal(vkeys.length, 2);
  assert.equal((await run(['key'])).out, made.out);
  assert.equal(statSync(state).mode & 0o777, 0o700);
  assert.equal(statSync(join(state, 'key.json')).mode & 0o777, 0o600);
  assert.equal((await run(['init', '--name', 'again.example'])).code, 1);

  const { url, stop, done } = await serve(['--listen', '127.0.0.1:0']);
  assert.match((await run(['status'])).out, /^witness\.example\/w1 serves; its key is not sealed\nNo log is watched/);
  const log = createGrowingLog();
  log.append(5);
  assert.equal((await run(['logs', 'add', log.vkey])).out.startsWith('log.example/test is watched with '), true);
  const answer = await fetch(`${url}/add-checkpoint`, { method: 'POST', body: log.request(0) });
  cosignedAt({ status: answer.status, body: await answer.text() }, log.checkpoint(), vkeys);
  assert.match((await run(['logs', 'list'])).out, /^log\.example\/test {2}size 5, cosigned 20/);
  const status: unknown = JSON.parse((await run(['status', '--json'])).out);
  assert(typeof status === 'object' && status !== null && 'serving' in status);
  assert.equal(status.serving, true);
  stop();
  assert.equal((await done).code, 0);
  assert.match((await run(['status'])).out, /does not serve/);
  assert.equal((await run(['logs', 'remove', 'log.example/test'])).code, 0);
  assert.match((await run(['logs', 'list'])).out, /removed/);
  assert.equal((await run(['logs', 'remove', 'log.example/test'])).code, 1);
});

test('TLS is spoken with a certificate, which is read again when it was renewed', async (t) => {
  const { folder, run, serve } = commandLine(t);
  await run(['init', '--name', 'witness.example/w1']);
  const authority = createTestAuthority();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const put = (commonName: string): void => {
    const issued = authority.issue({ commonName, dnsName: 'witness.example', use: 'serverAuth' });
    writeFileSync(cert, issued.cert);
    writeFileSync(key, issued.key);
  };
  put('first');
  let reload = (): void => undefined;
  const { url } = await serve(['--listen', '127.0.0.1:0', '--tls-cert', cert, '--tls-key', key], (again) => {
    reload = again;
  });
  assert.match(url, /^https:/);
  const subject = (): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const options = { ca: authority.certificatePem, servername: 'witness.example', agent: false };
    const request = tlsRequest(`${url}/status.json`, options, (response) => {
      const { socket } = response;
      const name = socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.subject ?? '') : '';
      response.resume().once('end', () => resolve(name));
    });
    request.once('error', reject).end();
    return promise;
  };
  assert.match(await subject(), /CN=first/);
  put('second');
  reload();
  assert.match(await subject(), /CN=second/);
  writeFileSync(cert, 'damaged');
  reload();
  assert.match(await subject(), /CN=second/);
});

test('a sealed key opens with its passphrase or its file, and with nothing else', async (t) => {
  for (const [flag, secret, other] of [
    ['--passphrase-file', 'correct horse battery\n', 'correct horse batterz\n'],
    ['--unseal-key-file', 'k'.repeat(32), 'l'.repeat(32)],
  ] as const) {
    const { folder, state, run, serve } = commandLine(t);
    const [right, wrong] = [join(folder, 'right'), join(folder, 'wrong')];
    writeFileSync(right, secret);
    writeFileSync(wrong, other);
    const made = await run(['init', '--name', 'witness.example/w1', flag, right]);
    assert.equal(made.code, 0, made.err);
    assert.equal((await run(['key'])).out, made.out, 'public without opening it');
    const listen = ['--listen', '127.0.0.1:0'];
    for (const args of [[], [flag, wrong]]) {
      const refused = await run(['serve', ...listen, ...args]);
      assert.deepEqual([refused.code, refused.out], [78, '']);
      assert.match(refused.err, /Cannot open the key of the witness/);
    }
    const { stop, done } = await serve([...listen, flag, right]);
    stop();
    assert.equal((await done).code, 0);
    const text = readFileSync(join(state, 'key.json'), 'utf8');
    assert.equal(
      text.includes(Buffer.alloc(64, 1).toString('base64').slice(0, 80)),
      false,
      'the secret is not in clear',
    );
    writeFileSync(join(state, 'key.json'), text.replace('witness.example/w1', 'witness.example/w2'));
    assert.equal((await run(['serve', ...listen, flag, right])).code, 78, 'another name is noticed');
  }
});

test('a state that others may read, a copied key and a missing list are refused', async (t) => {
  const { folder, state, run } = commandLine(t);
  assert.equal((await run(['serve'])).code, 78);
  await run(['init', '--name', 'witness.example/w1']);
  chmodSync(state, 0o750);
  assert.match((await run(['key'])).err, /others on this host/);
  chmodSync(state, 0o700);
  const other = join(folder, 'other');
  cpSync(state, other, { recursive: true });
  rmSync(join(state, 'logs.json'));
  const refused = await run(['serve', '--listen', '127.0.0.1:0']);
  assert.deepEqual([refused.code, refused.out], [78, '']);
  assert.match(refused.err, /Cannot find logs\.json/);
  rmSync(join(state, 'key.json'));
  cpSync(join(other, 'logs.json'), join(state, 'logs.json'));
  const log = createGrowingLog();
  cpSync(join(other, 'key.json'), join(state, 'key.json'));
  await run(['logs', 'add', log.vkey]);
  rmSync(join(state, 'key.json'));
  const again = await run(['init', '--name', 'witness.example/w1']);
  assert.match(again.err, /it has logs and no key/);
});

test('wrong usage is told with what to do, and makes nothing', async (t) => {
  const { state, run } = commandLine(t);
  for (const args of [
    [],
    ['init'],
    ['serve', 'now'],
    ['logs'],
    ['logs', 'add'],
    ['fly'],
    ['serve', '--listen', '8475'],
    ['serve', '--listen', 'localhost:8475'],
    ['serve', '--listen', '0.0.0.0:8475'],
    ['serve', '--listen', '[::]:8475'],
    ['serve', '--listen', '127.0.0.1:99999'],
    ['serve', '--tls-cert', 'x'],
    ['serve', '--rate', 'fast'],
    ['serve', '--unknown'],
  ]) {
    assert.equal((await run(args)).code, 2, args.join(' '));
  }
  assert.equal(statSync(state, { throwIfNoEntry: false }), undefined);
  for (const name of ['two words', 'a+b', '', 'x'.repeat(300)]) {
    assert.notEqual((await run(['init', '--name', name])).code, 0, name);
  }
  await run(['init', '--name', 'witness.example/w1']);
  const own = (await run(['key'])).out.split('\n')[0] ?? '';
  assert.equal((await run(['logs', 'add', own])).code, 78);
  assert.equal((await run(['logs', 'add', 'nonsense'])).code, 78);
  assert.equal((await run(['--help'])).code, 0);
  assert.match((await run(['--version'])).out, /^\d/);
});
