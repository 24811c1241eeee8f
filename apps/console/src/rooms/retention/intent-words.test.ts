import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approversVerdict, approverWords } from './approver-words.ts';
import type { Intent } from './destructions-query.ts';
import { canCancel, canSign, intentTitle, isEnded, signingPoints, standingOf, stepsOf } from './intent-words.ts';

const hourMs = 3_600_000;
const intent: Intent = {
  id: 'i1',
  kind: 'request',
  stage: 'proposed',
  keys: [
    { id: 'a', purpose: 'block-data', label: 'events/2026-11-20' },
    { id: 'b', purpose: 'block-data', label: 'events/2026-11-21' },
  ],
  reason: 'asked for',
  by: 'u1',
  atMs: 1,
  digest: '00',
  signatures: [],
  wait: { evidence: 'running-time', neededMs: 72 * hourMs, remainingMs: undefined },
  obstacles: [],
  kept: [],
  hasCertificate: false,
};
const ada = { by: 'u1', name: 'Ada', atMs: 2 };
const bob = { by: 'u2', name: 'Bob', atMs: 3 };
const names = new Map([['u1', 'Ada']]);
const statesOf = (of: Intent): string[] => stepsOf(of, names).map(({ title, state }) => `${state} ${title}`);

test('a request goes from the wish over two people, time and a copy elsewhere to a certificate, one step at a time', () => {
  assert.deepEqual(statesOf(intent), [
    'done Asked for',
    'current Signed by one person',
    'open Signed by a second person',
    'open Waiting time, 3 days',
    'open Kept elsewhere',
    'open Destroyed',
    'open Certificate',
  ]);
  const signed = { ...intent, signatures: [ada, bob], wait: { ...intent.wait, remainingMs: 5 * hourMs } };
  assert.equal(statesOf(signed)[3], 'current Waiting time, 3 days');
  assert.match(stepsOf(signed, names)[3]?.text ?? '', /^5 h left; counted while this server runs/);
  const copied = { ...signed, stage: 'rotated' as const, export: { sha256: 'x', location: 's3://x', generation: 7 } };
  assert.deepEqual(statesOf(copied).slice(3), [
    'done Waiting time, 3 days',
    'done Kept elsewhere',
    'current Destroyed',
    'open Certificate',
  ]);
  const destroyed = { ...copied, stage: 'destroyed' as const, hasCertificate: true };
  assert.ok(statesOf(destroyed).every((step) => step.startsWith('done')));
});

test('one signature is never shown as two, and what was signed before a restore not as signed', () => {
  assert.equal(statesOf({ ...intent, signatures: [ada] })[2], 'current Signed by a second person');
  const suspended = { ...intent, signatures: [ada, bob], suspended: 'the vault was restored' };
  assert.deepEqual(statesOf(suspended).slice(1, 3), ['current Signed by one person', 'open Signed by a second person']);
  assert.equal(standingOf(suspended).word, 'Must be signed anew');
  assert.equal(standingOf({ ...intent, signatures: [ada] }).word, 'Waits for a second person');
});

test('a policy ends by holding, a release without waiting, an expiry without signatures', () => {
  assert.deepEqual(statesOf({ ...intent, kind: 'policy', policy: { class: 'events', keepDays: 30 } }).slice(-2), [
    'open Waiting time, 3 days',
    'open In force',
  ]);
  assert.deepEqual(statesOf({ ...intent, kind: 'release' }).slice(1), [
    'current Signed by one person',
    'open Signed by a second person',
    'open Released',
  ]);
  assert.equal(statesOf({ ...intent, kind: 'expiry' })[1], 'current The time is vouched for');
});

test('what was cancelled says so instead of what would have come', () => {
  const cancelled = { ...intent, stage: 'cancelled' as const, endedBy: 'u1', endReason: 'a mistake' };
  assert.deepEqual(statesOf(cancelled), ['done Asked for', 'stopped Cancelled']);
  assert.equal(stepsOf(cancelled, names)[1]?.text, 'Ada: a mistake');
  assert.deepEqual([isEnded(cancelled), canCancel(cancelled)], [true, false]);
});

test('nothing can be cancelled once it is beyond recall', () => {
  const stages = ['proposed', 'begun', 'rotated', 'removed', 'destroying', 'scheduled', 'destroyed'] as const;
  assert.deepEqual(
    stages.filter((stage) => canCancel({ stage })),
    ['proposed', 'begun', 'rotated'],
  );
});

test('who has signed, is not enrolled or is too early is not offered to sign', () => {
  const counts = { isEffective: true, remainingMs: 0 };
  assert.equal(canSign(intent, 'u1', counts).kind, 'may');
  assert.equal(canSign({ ...intent, signatures: [ada] }, 'u1', counts).kind, 'signed');
  assert.equal(canSign({ ...intent, signatures: [ada] }, 'u2', counts).kind, 'may');
  assert.equal(canSign({ ...intent, signatures: [ada, bob] }, 'u3', counts).kind, 'none');
  assert.equal(canSign(intent, 'u1', undefined).kind, 'not-enrolled');
  assert.equal(canSign(intent, 'u1', { isEffective: false, remainingMs: 5 }).kind, 'too-early');
  assert.equal(canSign({ ...intent, stage: 'destroyed' }, 'u1', counts).kind, 'none');
  assert.match(signingPoints({ ...intent, signatures: [ada] }).join(' '), /You are the second person/);
});

test('a title names what it is about, with its days', () => {
  assert.match(intentTitle(intent), /^Destroy 2 keys: events, .*2026 – .*2026$/);
  const page = { id: 'p', purpose: 'subject-page', label: 'erasing/000000000001' };
  assert.equal(intentTitle({ ...intent, keys: [page] }), 'Destroy 1 key of people’s data');
  assert.equal(
    intentTitle({ ...intent, kind: 'policy', policy: { class: 'audit', keepDays: null } }),
    'Keep class “audit” for ever',
  );
  assert.equal(intentTitle({ ...intent, kind: 'release', holdName: 'Case 7' }), 'End the legal hold “Case 7”');
});

test('fewer than two people who count is said, and what to do about it', () => {
  const one = { userId: 'u1', isEffective: true };
  assert.equal(approversVerdict([])?.title, 'Nobody can sign a destruction yet');
  assert.equal(approversVerdict([one, one])?.title, 'A second person is missing');
  assert.equal(
    approversVerdict([one, { userId: 'u2', isEffective: false }])?.title,
    'Fewer than two people can sign now',
  );
  assert.equal(approversVerdict([one, { userId: 'u2', isEffective: true }]), undefined);
  assert.equal(approverWords({ isEffective: false, remainingMs: 3 * hourMs }).word, 'Counts in 3 h');
});
