import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchorsVerdict } from './anchors-words.ts';

const authority = {
  id: 'a',
  url: 'http://tsa.example',
  roots_sha256: [],
  own_authority: false,
  added_at: '',
  added_by: { id: 'u', name: 'Ada' },
  state: 'stamping',
  newest_size: 4200,
  newest_at: null,
  asked_at: null,
  problem: null,
} as const;
const stamp = {
  log: 1,
  size: 4200,
  authority: 'a',
  at: '2026-11-22T12:00:00.000Z',
  accuracy_ms: null,
  serial_number: '01',
  signer: 'Stamp\u202e signer',
  signer_until: '2030-01-01T00:00:00.000Z',
  root: 'Stamp root',
  root_sha256: 'ab',
  witnesses: 0,
};
const report = { authorities: [authority], every_minutes: 60, stamps: [stamp], stamps_in_all: 1 };

test('what stamps are worth is said: none, good, away, wrong', () => {
  assert.match(anchorsVerdict({ ...report, authorities: [], stamps: [] }).text, /date it back/);
  const good = anchorsVerdict(report);
  assert.deepEqual(
    [good.tone, good.title],
    ['good', 'The first 4,200 entries of log 1 existed by 2026-11-22 12:00 UTC'],
  );
  assert.ok(!good.text.includes('\u202e'));
  assert.equal(anchorsVerdict({ ...report, authorities: [{ ...authority, state: 'away' }] }).tone, 'warn');
  assert.equal(anchorsVerdict({ ...report, authorities: [{ ...authority, state: 'wrong' }] }).tone, 'bad');
  assert.equal(anchorsVerdict({ ...report, stamps: [] }).title, 'Nothing is stamped yet');
});
