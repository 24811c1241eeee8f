import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
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
  assert.equal(own.exitCode, 5);
  assert.match(own.stderr, /^not proven: .*no key was given[^]*\nhint: .*--key/);
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
  assert.match(stderr, /^does not verify: ".*another log/);
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

test('a proof cut, lengthened, overwritten or put together from parts of another never verifies and never ends in a fault', async () => {
  const damaged = join(directory, 'fuzzed');
  const lines = text.split('\n');
  const others = buildEvidence('{"class_uid":1007,"raw_data":"other"}').text.split('\n');
  const bytes = Buffer.from(text);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.nat(bytes.length - 1).map((to) => bytes.subarray(0, to)),
        fc.uint8Array({ minLength: 1, maxLength: 100 }).map((more) => Buffer.concat([bytes, more])),
        fc
          .tuple(fc.nat(bytes.length - 1), fc.uint8Array({ minLength: 1, maxLength: 20 }))
          .map(([at, other]) => Buffer.concat([bytes.subarray(0, at), other, bytes.subarray(at + other.length)])),
        fc
          .array(fc.boolean(), { minLength: lines.length, maxLength: lines.length })
          .map((own) =>
            Buffer.from(lines.map((line, at) => (own[at] === true ? line : (others[at] ?? ''))).join('\n')),
          ),
        fc.shuffledSubarray(lines).map((some) => Buffer.from(some.join('\n'))),
        fc.string({ unit: 'binary', maxLength: 300 }).map((any) => Buffer.from(any)),
      ),
      async (content) => {
        fc.pre(!content.equals(bytes));
        await writeFile(damaged, content);
        const { exitCode, stdout, stderr } = await run(['proof', 'verify', damaged, '--key', verifierKey]);
        assert.deepEqual([exitCode, stdout], [1, '']);
        assert.doesNotMatch(stderr, /fault in sallyport/);
      },
    ),
    { numRuns: 500 },
  );
});

test('an event nested without end verifies, and is not printed', async () => {
  const deep = join(directory, 'deep');
  const made = buildEvidence(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
  await writeFile(deep, made.text);
  for (const more of [[], ['--json']]) {
    const { exitCode, stdout, stderr } = await run(['proof', 'verify', deep, '--key', made.verifierKey, ...more]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /nested too deeply to be printed/);
  }
});

test('an answer that is no proof is not saved as one', async () => {
  server.texts.set('/v1/ledger/proof/1/7', '<html>Sign in to the wireless network</html>');
  const out = join(directory, 'portal');
  const { exitCode, stderr } = await run(['proof', 'export', '1/7', '--out', out], { environment });
  assert.equal(exitCode, 1);
  assert.match(stderr, /^error: Cannot take what the server sent for the proof of 1\/7: /);
  await assert.rejects(readFile(out), { code: 'ENOENT' });
});

test('a pipe, a device and a file too large are no proof, and are not read', async () => {
  const pipe = join(directory, 'pipe');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const large = join(directory, 'large');
  await writeFile(large, '');
  await truncate(large, 2 ** 40);
  for (const path of [pipe, '/dev/zero', large, join(directory, 'none')]) {
    const { exitCode, stderr } = await run(['proof', 'verify', path]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: Cannot read .*\nhint: /);
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
