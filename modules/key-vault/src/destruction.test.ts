import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultDestructionRules, judgeDestruction } from './destruction.ts';
import type { DestructionFacts, VouchedTime } from './destruction.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 10, 22);
const digestOf = (keyIds: readonly string[]): string => hash('sha256', keyIds.toSorted().join('\n'));
const rules = { ...defaultDestructionRules, quorum: 2 };
const vouched = (atMs: number, ...by: string[]): VouchedTime[] => by.map((name) => ({ atMs, by: name }));

function facts(change: Partial<DestructionFacts> = {}): DestructionFacts {
  const keyIds = ['k1', 'k2'];
  return {
    intent: {
      id: 'd1',
      keyIds,
      reason: 'erasure request 7',
      by: 'ada',
      digest: digestOf(keyIds),
      recordedAt: vouched(startMs, 'w1', 'w2', 'w3'),
    },
    digestOf,
    approvals: [{ by: 'grace', digest: digestOf(keyIds) }],
    isCancelled: false,
    suspended: undefined,
    holds: [],
    protectedKeyIds: new Set(),
    now: vouched(startMs + 72 * hourMs, 'w1', 'w2', 'w3'),
    isFenced: true,
    isExported: true,
    ...change,
  };
}
const obstaclesOf = (change: Partial<DestructionFacts>): string[] =>
  judgeDestruction(facts(change), rules).obstacles.map(({ kind }) => kind);

test('what two people wanted, and nobody stopped for 72 vouched hours, may be destroyed', () => {
  assert.deepEqual(judgeDestruction(facts(), rules), { keyIds: ['k1', 'k2'], kept: [], obstacles: [] });
});

test('each thing that is missing stands in the way by itself', () => {
  const { intent } = facts();
  assert.deepEqual(obstaclesOf({ approvals: [] }), ['not-approved']);
  assert.deepEqual(obstaclesOf({ approvals: [{ by: 'ada', digest: intent.digest }] }), ['same-person']);
  assert.deepEqual(obstaclesOf({ approvals: [{ by: 'grace', digest: digestOf(['k1']) }] }), ['digest-differs']);
  assert.deepEqual(obstaclesOf({ isCancelled: true }), ['cancelled']);
  assert.deepEqual(obstaclesOf({ suspended: 'restored' }), ['suspended']);
  assert.deepEqual(obstaclesOf({ isFenced: false }), ['fence-missing']);
  assert.deepEqual(obstaclesOf({ isExported: false }), ['export-missing']);
  assert.deepEqual(obstaclesOf({ now: vouched(startMs + 71 * hourMs, 'w1', 'w2', 'w3') }), ['waiting']);
  assert.deepEqual(obstaclesOf({ now: vouched(startMs + 99 * hourMs, 'w1', 'w1') }), ['no-time']);
  assert.deepEqual(obstaclesOf({ intent: { ...intent, recordedAt: [] } }), ['no-time']);
  assert.deepEqual(obstaclesOf({ intent: { ...intent, keyIds: ['k1', 'k2', 'k3'] } }), ['digest-differs']);
});

test('a held key survives, and stops no other', () => {
  const held = judgeDestruction(facts({ holds: [{ id: 'case 4', keyIds: ['k2', 'k9'], since: '' }] }), rules);
  assert.deepEqual(held, { keyIds: ['k1'], kept: [{ keyId: 'k2', why: 'held', by: 'case 4' }], obstacles: [] });
  const all = judgeDestruction(
    facts({ holds: [{ id: 'case 4', keyIds: ['k2'], since: '' }], protectedKeyIds: new Set(['k1']) }),
    rules,
  );
  assert.deepEqual(all.keyIds, []);
  assert.deepEqual(all.obstacles, [{ kind: 'empty' }]);
});

test('one witness with a wrong clock, fast or slow, shortens nothing', () => {
  const earlyMs = startMs + hourMs;
  const { intent } = facts();
  for (const wrongMs of [1, startMs + 10_000 * hourMs]) {
    const recordedAt = [...vouched(startMs, 'w1', 'w2'), ...vouched(wrongMs, 'w3')];
    const now = [...vouched(earlyMs, 'w1', 'w2'), ...vouched(startMs + 10_000 * hourMs, 'w3')];
    assert.deepEqual(obstaclesOf({ intent: { ...intent, recordedAt }, now }), ['waiting']);
  }
  // Of two, the less convenient one counts.
  const two = [...vouched(startMs, 'w1'), ...vouched(startMs + 100 * hourMs, 'w2')];
  assert.deepEqual(obstaclesOf({ now: two }), ['waiting']);
});

test('no minority of vouchers brings a destruction forward', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 9 }),
      fc.array(fc.record({ who: fc.nat(8), atMs: fc.double(), isIntent: fc.boolean() }), { maxLength: 30 }),
      (count, lies) => {
        const liars = Math.floor((count - 1) / 2);
        const honest = Array.from({ length: count - liars }, (_, order) => `w${order}`);
        const lied = (isIntent: boolean): VouchedTime[] =>
          lies.flatMap((lie) =>
            lie.isIntent === isIntent && lie.who < liars ? [{ atMs: lie.atMs, by: `liar${lie.who}` }] : [],
          );
        const { intent } = facts();
        const recordedAt = [...vouched(startMs, ...honest), ...lied(true)];
        const now = [...vouched(startMs + 71 * hourMs, ...honest), ...lied(false)];
        assert.deepEqual(obstaclesOf({ intent: { ...intent, recordedAt }, now }), ['waiting']);
      },
    ),
  );
});

test('a batch has a limit, and the clock of this machine is nowhere asked', () => {
  const keyIds = Array.from({ length: 1001 }, (_, order) => `k${order}`);
  const intent = { ...facts().intent, keyIds, digest: digestOf(keyIds) };
  const approvals = [{ by: 'grace', digest: digestOf(keyIds) }];
  assert.deepEqual(obstaclesOf({ intent, approvals }), ['too-many']);
});
