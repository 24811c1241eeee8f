import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Asset } from './asset.ts';
import { certificateRow, dayMs, keyRow, protocolRow, startMs } from './assets.fixture.ts';
import { defaultPolicy } from './policy.ts';
import { bitsOfModulus, strengthOf } from './strength.ts';
import { weaknessesOf } from './weakness.ts';

const reasons = (asset: Asset, nowMs = startMs): string[] =>
  weaknessesOf(asset, defaultPolicy, nowMs).map(({ reason, stage, level }) => `${reason} ${stage} ${level}`);

test('nothing is said against keys, certificates and protocols as this product makes them', () => {
  const sound: Asset[] = [
    keyRow(),
    keyRow({ algorithm: 'ed25519', role: 'signing' }),
    keyRow({ algorithm: 'hmac-sha-1', material: 'seed', role: 'credential' }),
    keyRow({ algorithm: 'argon2id', cost: { memoryKib: 19_456, passes: 2 } }),
    certificateRow('ecSha256'),
    certificateRow('rsa2048'),
    protocolRow('1.2'),
    protocolRow('1.3'),
  ];
  for (const asset of sound) assert.deepEqual(reasons(asset), [], asset.name);
});

test('a certificate is told of 30, 7 and 1 days before its end and after it, worse each time', () => {
  const certificate = certificateRow('ecSha256');
  const at = (daysLeft: number): string[] => reasons(certificate, startMs + (100 - daysLeft) * dayMs);
  assert.deepEqual(
    [at(31), at(30), at(8), at(7), at(1), at(0)],
    [[], ['expiring 1 low'], ['expiring 1 low'], ['expiring 2 medium'], ['expiring 3 high'], ['expired 1 high']],
  );
  assert.deepEqual(reasons({ ...certificate, isUsed: false }, startMs + 99 * dayMs), []);
});

test('a small RSA key, a signature with SHA-1 and an old TLS version are weak', () => {
  assert.deepEqual(reasons(certificateRow('rsa1024')), ['weak-key 1 high']);
  const forged = certificateRow('rsaSha1');
  assert.deepEqual(reasons(forged), ['weak-signature 1 high']);
  assert.equal(forged.signatureAlgorithm, 'rsa-sha-1');
  // Nobody checks the signature of a root.
  assert.deepEqual(reasons(certificateRow('rootSha1')), []);
  assert.deepEqual(reasons(protocolRow('1.0')), ['weak-protocol 1 high']);
  assert.deepEqual(reasons(protocolRow('1.1')), ['weak-protocol 1 high']);
  assert.deepEqual(reasons(protocolRow('1.0', { protocol: 'other' })), []);
});

test('a key is overdue after its cryptoperiod, more so with time, and not when it protects nothing new', () => {
  const after = (days: number, more = {}): string[] => reasons(keyRow(more), startMs + days * dayMs);
  assert.deepEqual(
    [after(730), after(731), after(1096), after(1461)],
    [[], ['overdue 1 low'], ['overdue 2 low'], ['overdue 3 medium']],
  );
  for (const state of ['retired', 'revoked', 'destroyed', 'expired'] as const)
    assert.deepEqual(after(9999, { state }), []);
  assert.deepEqual(after(731, { role: 'signing' }), []);
  assert.deepEqual(after(0, { state: 'compromised' }), ['compromised 1 critical']);
});

test('passwords hashed below the floor are told with their number', () => {
  const cheap = keyRow({ algorithm: 'argon2id', material: 'password', cost: { memoryKib: 9728, passes: 2 }, count: 3 });
  const [weakness] = weaknessesOf(cheap, defaultPolicy, startMs);
  assert.match(weakness?.message ?? '', /^3 passwords are hashed with 9728 KiB/);
});

test('strength is that of the weakest part, and nothing is said of what is not known', () => {
  assert.deepEqual(strengthOf(certificateRow('rsa2048')), { bits: 112, category: 0 });
  assert.deepEqual(strengthOf(protocolRow('1.3')), { bits: 128, category: 0 });
  const { algorithm: _left, ...unknown } = keyRow({ algorithmName: 'Skipjack' });
  assert.deepEqual(strengthOf(unknown), {});
  assert.deepEqual([512, 1024, 2047, 2048, 3072, 15_360].map(bitsOfModulus), [0, 80, 80, 112, 128, 256]);
});
