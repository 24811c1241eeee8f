import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import { buildEvidence, createLogKey, createWitness } from '../testing/build-evidence.ts';
import { run } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-proof-'));
after(() => rm(directory, { recursive: true }));
const [w1, w2, stranger] = ['witness.example/w1', 'witness.example/w2', 'witness.example/w1'].map((name) =>
  createWitness(name),
);
assert.ok(w1 !== undefined && w2 !== undefined && stranger !== undefined);
const event = '{"class_uid":1007,"raw_data":"text"}';
const { text, verifierKey } = buildEvidence(event, 'sallyport/test/1', [w1, w2]);
const file = join(directory, 'proof');
await writeFile(file, text);
const policyOf = async (...lines: readonly string[]): Promise<string> => {
  const path = join(directory, `policy-${lines.length}-${lines.at(-1)?.replaceAll(/\W/g, '')}`);
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
};

test('a proof says by whom it was witnessed and when, and whose key that is', async () => {
  const { exitCode, stdout, stderr } = await run([
    'proof',
    'verify',
    file,
    '--key',
    verifierKey,
    '--witness',
    w1.verifierKey,
  ]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^ {2}witnessed by witness\.example\/w1 at 2026-03-01T12:00:10\.000Z, by a key you gave$/m);
  assert.match(stdout, /^ {2}witnessed by witness\.example\/w2 at .*, by a key that only the file names$/m);
  assert.match(stdout, /^Witnessed: those whose keys you gave/m);
  const own = await run(['proof', 'verify', file, '--key', verifierKey]);
  assert.doesNotMatch(own.stdout, /^Witnessed/m);
  const { stdout: json } = await run(['proof', 'verify', file, '--json', '--witness', w2.verifierKey]);
  for (const [vkey, isGiven] of [
    [w1.verifierKey, false],
    [w2.verifierKey, true],
  ] as const)
    assert.ok(
      json.includes(`"verifier_key":"${vkey}","cosigned_at":"2026-03-01T12:00:10.000Z","key_given":${String(isGiven)}`),
      json,
    );
});

test('each witness that is asked for must have cosigned; another by the same name has not', async () => {
  const both = await run(['proof', 'verify', file, '--key', verifierKey, '--witness', w1.verifierKey, w2.verifierKey]);
  assert.equal(both.exitCode, 0, both.stderr);
  // They vouch for what they have seen of this log, not for whose log it is.
  const whose = await run(['proof', 'verify', file, '--witness', w1.verifierKey]);
  assert.equal(whose.exitCode, 5, whose.stderr);
  const { exitCode, stdout, stderr } = await run(['proof', 'verify', file, '--witness', stranger.verifierKey]);
  assert.deepEqual([exitCode, stdout], [1, '']);
  assert.match(stderr, /^does not verify: .*witness "witness\.example\/w1" has not cosigned/);
  const log = createLogKey('sallyport/test/1').verifierKey;
  assert.equal((await run(['proof', 'verify', file, '--witness', log])).exitCode, 2);
  const unwitnessed = join(directory, 'unwitnessed');
  await writeFile(unwitnessed, buildEvidence(event).text);
  assert.match((await run(['proof', 'verify', unwitnessed])).stdout, /^ {2}witnessed by nobody outside$/m);
  assert.equal((await run(['proof', 'verify', unwitnessed, '--witness', w1.verifierKey])).exitCode, 1);
});

test('a policy says which witnesses are enough', async () => {
  const names = [`witness a ${w1.verifierKey}`, `witness b ${stranger.verifierKey}`];
  const any = await policyOf(...names, 'group g any a b', 'quorum g');
  const good = await run(['proof', 'verify', file, '--key', verifierKey, '--policy', any]);
  assert.equal(good.exitCode, 0, good.stderr);
  assert.match(good.stdout, /by a key you gave$/m);
  const all = await policyOf(...names, 'group g all a b', 'quorum g ');
  const { exitCode, stderr } = await run(['proof', 'verify', file, '--key', verifierKey, '--policy', all]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /not enough for "g"/);
  for (const broken of [await policyOf('quorum nobody'), join(directory, 'none')])
    assert.equal((await run(['proof', 'verify', file, '--policy', broken])).exitCode, 2);
});

test('one key under two names is no second witness, and a time that cannot be is none', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const [one, again] = ['witness.example/w1', 'witness.example/w2'].map((name) => createWitness(name, privateKey));
  assert.ok(one !== undefined && again !== undefined);
  const twice = verifyEvidence(buildEvidence(event, 'sallyport/test/1', [one, again]).text);
  assert.ok(!twice.ok && twice.check === 'signature', JSON.stringify(twice));
  const late = { ...one, cosign: (note: string) => one.cosign(note, Number.MAX_SAFE_INTEGER * 1000) };
  const never = verifyEvidence(buildEvidence(event, 'sallyport/test/1', [late]).text);
  assert.ok(!never.ok && never.check === 'signature', JSON.stringify(never));
});

test('any changed, dropped, doubled or reordered part of what witnesses signed is noticed', () => {
  assert.ok(verifyEvidence(text).ok);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(verifyEvidence(changed).ok, false, `byte ${at}`);
  }
  const lines = text.split('\n');
  const keys = lines.flatMap((line, at) => (line.startsWith('witness ') ? [at] : []));
  const signatures = lines.flatMap((line, at) => (line.startsWith('— witness') ? [at] : []));
  assert.deepEqual([keys.length, signatures.length], [2, 2]);
  const without = (...dropped: readonly (number | undefined)[]): string =>
    lines.filter((_, at) => !dropped.includes(at)).join('\n');
  assert.equal(verifyEvidence(without(keys[0])).ok, false);
  assert.equal(verifyEvidence(without(signatures[1])).ok, false);
  assert.equal(verifyEvidence(without(keys[0], signatures[1])).ok, false);
  const doubled = lines.flatMap((line, at) => (at === keys[0] || at === signatures[0] ? [line, line] : [line]));
  assert.equal(verifyEvidence(doubled.join('\n')).ok, false);
  const swapped = lines.map((line, at) =>
    at === keys[0] ? lines[keys[1] ?? 0] : at === keys[1] ? lines[keys[0] ?? 0] : line,
  );
  assert.equal(verifyEvidence(swapped.join('\n')).ok, false);
  // Taken away as a whole it is evidence again, of what the log alone says: how much is enough is the reader's to ask.
  assert.ok(verifyEvidence(without(...keys, ...signatures)).ok);
});
