import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closedWords, seenWords, spanWords, verdictOf } from './witness-words.ts';
import type { Witness, WitnessesReport } from './witnesses-query.ts';

const witness: Witness = {
  id: '0011223344556677',
  name: 'w1',
  url: 'https://w1',
  verifier_key: 'k',
  own_authority: false,
  same_machine: false,
  added_at: '2026-11-22T12:00:00Z',
  added_by: { id: 'u', name: 'Ada' },
  state: 'cosigning',
  cosigned_size: 90,
  cosigned_at: '2026-11-22T12:00:00Z',
  asked_at: null,
  answered_at: null,
  problem: null,
};
const report: WitnessesReport = {
  log: { number: 1, origin: 'o', verifier_key: 'k', size: 100, signing: 'open', follows: null },
  witnesses: [witness, { ...witness, name: 'w2' }],
  policy: { needed: 2, of: 2, tail_limit_minutes: 60 },
  newest: { size: 90, at: '2026-11-22T12:00:00Z', by: ['w1', 'w2'] },
  tail: { entries: 10, since: '2026-11-22T12:00:00Z', age_seconds: 7, too_old: false },
  closed: [],
};

test('the worst is said first: not signed, refused, nobody, too old; then how far it was seen', () => {
  const tones = [
    verdictOf({ ...report, log: { ...report.log, signing: 'held' }, witnesses: [{ ...witness, state: 'refusing' }] }),
    verdictOf({ ...report, witnesses: [{ ...witness, state: 'refusing' }, witness] }),
    verdictOf({ ...report, witnesses: [], tail: null }),
    verdictOf({ ...report, tail: { entries: 10, since: null, age_seconds: 7300, too_old: true } }),
    verdictOf({ ...report, newest: null }),
    verdictOf(report),
    verdictOf({ ...report, tail: { entries: 0, since: null, age_seconds: 0, too_old: false } }),
  ].map(({ tone, title }) => `${tone} ${title}`);
  assert.deepEqual(tones, [
    'bad The log takes entries and is not signed',
    'bad w1 refuses this log',
    'warn Without a witness, nobody can notice when everything is put back together',
    'bad Unwitnessed for 2 h',
    'warn Not witnessed yet',
    'plain Witnessed up to 7 s ago',
    'good Everything is witnessed',
  ]);
});

test('a witness that refuses is never taken for one that is merely away', () => {
  const { tone, title } = verdictOf({
    ...report,
    witnesses: [
      { ...witness, state: 'away' },
      { ...witness, state: 'refusing' },
    ],
  });
  assert.deepEqual([tone, title], ['bad', 'w1 refuses this log']);
});

test('what was seen and how long ago are in words', () => {
  assert.equal(seenWords(witness, 100), '90 of 100 entries');
  assert.equal(seenWords({ ...witness, cosigned_size: 100 }, 100), 'all 100 entries');
  assert.equal(seenWords({ ...witness, cosigned_size: null }, 100), 'has seen nothing of this log');
  assert.deepEqual([119, 120, 7200, 172_800].map(spanWords), ['119 s', '2 min', '2 h', '2 days']);
});

test('of a closed log it is said what nobody outside will ever see', () => {
  const log = { number: 1, size: 1000, signed_size: 990, witnessed_size: 900 };
  const words = (['whole', 'asking', 'fixed-by-next', 'never'] as const).map((end) => closedWords({ ...log, end }));
  assert.deepEqual(words, [
    'Log 1 is witnessed whole.',
    'Log 1: the last 100 of 1,000 entries have no witness yet; its last checkpoint still goes round.',
    'Log 1: the last 100 of 1,000 entries never get a witness of their own, but the log after it commits to them and is witnessed.',
    'Log 1: nobody outside has seen the last 100 of 1,000 entries, and nobody ever will.',
  ]);
});
