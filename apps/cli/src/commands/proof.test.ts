import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildEvidence, createLogKey } from '../testing/build-evidence.ts';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-proof-'));
const server = await startFakeServer();
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});
const environment = { SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key };
const { text, verifierKey } = buildEvidence('{"class_uid":1007,"raw_data":"{\\"Image\\":\\"cmd\\u001b[2J.exe\\"}"}');
const file = join(directory, 'proof');

test('a proof is exported byte for byte, never over an existing file', async () => {
  server.texts.set('/v1/ledger/proof/1/0', text);
  const { exitCode } = await run(['proof', 'export', '1/0', '--out', file], { environment });
  assert.equal(exitCode, 0);
  assert.equal(await readFile(file, 'utf8'), text);
  assert.equal((await run(['proof', 'export', '1/0', '--out', file], { environment })).exitCode, 1);
  assert.equal((await run(['proof', 'export', '1/9', '--out', `${file}2`], { environment })).exitCode, 1);
  assert.equal((await run(['proof', 'export', '../../x', '--out', `${file}2`], { environment })).exitCode, 2);
});

test('verified with a key from elsewhere says so; with the key inside the file only, says what that does not prove', async () => {
  const good = await run(['proof', 'verify', file, '--key', verifierKey]);
  assert.equal(good.exitCode, 0, good.stderr);
  assert.match(
    good.stdout,
    /^✔ verified with the key you gave\n {2}event 0 of log sallyport\/test\/1, in a tree of 1 entries\n/,
  );
  assert.match(good.stdout, /Proven: this log holds exactly this event/);
  const own = await run(['proof', 'verify', file]);
  assert.equal(own.exitCode, 0);
  assert.match(own.stdout, /^! consistent with the key inside the file only\n[^]*Not proven: who made them/);
  const json = JSON.parse((await run(['proof', 'verify', file, '--json', '--key', verifierKey])).stdout);
  assert.deepEqual(
    [json.ok, json.key_given, json.origin, json.index, json.event.class_uid],
    [true, true, 'sallyport/test/1', 0, 1007],
  );
});

test('a proof signed by another log than the one whose key is given fails', async () => {
  const { exitCode, stderr } = await run([
    'proof',
    'verify',
    file,
    '--key',
    createLogKey('sallyport/test/1').verifierKey,
  ]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /^does not verify: Cannot verify .*another log/);
  assert.equal((await run(['proof', 'verify', file, '--key', 'nonsense'])).exitCode, 2);
});

test('with any byte of it changed, a proof does not verify', async () => {
  const bytes = Buffer.from(text);
  const damaged = join(directory, 'damaged');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(damaged, changed);
    const { exitCode, stdout } = await run(['proof', 'verify', damaged]);
    assert.deepEqual([exitCode, stdout], [1, ''], `byte ${at}`);
  }
});

test('garbage, nothing and a directory do not verify, and --json says why', async () => {
  for (const content of ['', 'x', '\0'.repeat(1000), text.slice(0, -1), `${text}\n`]) {
    await writeFile(join(directory, 'garbage'), content);
    const { exitCode, stdout } = await run(['proof', 'verify', join(directory, 'garbage'), '--json']);
    assert.equal(exitCode, 1);
    assert.equal(JSON.parse(stdout).ok, false);
  }
  assert.equal((await run(['proof', 'verify', directory])).exitCode, 1);
});
