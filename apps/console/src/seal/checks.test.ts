import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainChecks } from './checks.ts';

const good = {
  ok: true,
  event: null,
  index: 1,
  treeSize: 2,
  origin: 'log',
  receivedAtMs: 0,
  classUid: 0,
  verifierKey: 'k',
  keyGiven: true,
  witnesses: [],
  closed: 0,
  timeStamps: [],
  stamped: '',
} as const;
const states = (result: Parameters<typeof explainChecks>[0], keyKnown: boolean): string[] =>
  explainChecks(result, keyKnown).map(({ state }) => state);

test('explainChecks() passes everything before the check that failed and reaches nothing after it', () => {
  const refused = { ok: false, check: 'event', reason: 'Changed' } as const;
  assert.deepEqual(states(refused, true), ['passed', 'passed', 'failed', 'not reached', 'not reached']);
  assert.equal(explainChecks(refused, true)[2]?.meaning, 'Changed.');
  assert.deepEqual(new Set(states(good, true)), new Set(['passed']));
});

test('explainChecks() never says that an unknown key is the right one', () => {
  assert.deepEqual(states(good, false), ['passed', 'not known', 'passed', 'passed', 'passed']);
});
