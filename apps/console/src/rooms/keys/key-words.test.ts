import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeWords, rotationOf } from './key-changes.ts';
import { countStates, keyTitle, labelParts, promiseOf, rotationWords, weakestPromise, whoWords } from './key-words.ts';
import type { Provider, Rotation } from './vault-query.ts';

const file: Provider = {
  kind: 'sealed-file',
  identity: 'files beside the vault',
  algorithm: 'AES-256-GCM',
  exportable: true,
  usableByAClone: true,
  destruction: 'not-provable',
  notPromised: ['Copies may exist'],
  maxMasters: 1000,
  isUsed: true,
};
const tpm: Provider = { ...file, kind: 'tpm', destruction: 'provable', notPromised: [] };
const rotation: Rotation = { level: 'epoch', state: 'running', done: 0, total: 40, startedAtMs: 1000 };

test('a label of blocks is a class and a day, any other a name', () => {
  assert.deepEqual(labelParts('events/2026-11-22'), { group: 'events', day: '2026-11-22' });
  assert.deepEqual(labelParts('log/1'), { group: 'log/1', day: undefined });
  const key = { level: 'data' as const, version: 1, purpose: 'secret' as const, label: 'identity/columns' };
  assert.equal(keyTitle(key), 'identity/columns');
  assert.equal(keyTitle({ ...key, level: 'epoch', version: 3 }), 'Epoch 3');
  assert.match(keyTitle({ ...key, purpose: 'block-data', label: 'events/2026-11-22' }), /^events, .*2026/);
});

test('the states of many keys are counted worst first', () => {
  const states = (['active', 'retired', 'active', 'compromised'] as const).map((state) => ({ state }));
  assert.deepEqual(countStates(states), [
    { state: 'compromised', count: 1 },
    { state: 'active', count: 2 },
    { state: 'retired', count: 1 },
  ]);
});

test('a destruction promises as little as the weakest provider in use, never more', () => {
  assert.equal(promiseOf(tpm).tone, 'good');
  assert.equal(weakestPromise([tpm, file])?.word, 'Destruction cannot be promised');
  assert.equal(weakestPromise([tpm, { ...file, isUsed: false }])?.word, 'Destruction can be proved');
  assert.equal(weakestPromise([]), undefined);
  const away: Provider = { kind: 'tpm', unreachable: 'no such device', isUsed: true };
  assert.notEqual(weakestPromise([tpm, away])?.tone, 'good');
  for (const destruction of ['delayed', 'reversible', 'not-provable'] as const)
    assert.notEqual(promiseOf({ ...tpm, destruction }).tone, 'good', destruction);
});

test('a rotation says how far it is, and what is left to do when it has ended', () => {
  assert.match(rotationWords(rotation, 2000).text, /^0 of 40 data keys wrapped again\. /);
  assert.match(rotationWords({ ...rotation, done: 10 }, 2000).text, /^10 of 40 .*about 3\.0 s left/);
  const done = rotationWords({ ...rotation, state: 'done', done: 40, endedAtMs: 3000 }, 9000);
  assert.match(done.text, /^40 data keys wrapped again in 2\.0 s\..*make a new copy/);
  assert.match(
    rotationWords({ ...rotation, state: 'failed', error: 'no room' }, 9000).text,
    /^no room\. Nothing was changed/,
  );
});

test('what cannot be taken back says so before it is done', () => {
  const key = { level: 'data', purpose: 'block-data', state: 'active' } as const;
  assert.deepEqual(
    (['suspended', 'retired', 'compromised'] as const).map((to) => changeWords(key, to).isFinal),
    [false, true, true],
  );
  for (const level of ['epoch', 'purpose', 'data'] as const)
    assert.match(changeWords({ ...key, level }, 'compromised').points.at(-1) ?? '', /cannot be taken back/);
  assert.match(changeWords({ ...key, purpose: 'log-signing' }, 'compromised').points.join(' '), /goes on being signed/);
});

test('only what can be replaced offers it', () => {
  const key = { level: 'data', purpose: 'block-data', label: 'events/2026-11-22', state: 'active' } as const;
  assert.notEqual(rotationOf(key), undefined);
  assert.equal(rotationOf({ ...key, state: 'retired' }), undefined);
  assert.equal(rotationOf({ ...key, purpose: 'log-signing' }), undefined);
  assert.notEqual(rotationOf({ ...key, level: 'epoch' }), undefined);
});

test('who did something is named where the name is known', () => {
  assert.equal(whoWords('u1', new Map([['u1', 'Ada']])), 'Ada');
  assert.equal(whoWords('vault', new Map()), 'the vault itself');
});
