import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveOn } from './archive-query.ts';
import { verdictOf } from './archive-words.ts';

const nowMs = Date.parse('2026-11-22T12:00:00Z');
const well: ArchiveOn = {
  on: true,
  settings: {
    lag_limit_hours: 24,
    span_minutes: 60,
    place: { kind: 'directory', path: '/mnt/elsewhere', apart: true },
  },
  place: '/mnt/elsewhere',
  lock: 'compliance',
  not_promised: [],
  state: 'waiting',
  failure: null,
  logs: [{ log: 1, archived: 90, entries: 90, waiting_since: null }],
  lag_seconds: 0,
  late: false,
  files: 5,
  bytes: 9,
  held: 0,
  never_read: 0,
  all_checked_since: null,
  vault: null,
  problems: 0,
  troubled: [],
  verification: null,
};

test('the worst is said first: none, damaged, failing, late, and what waits is never called archived', () => {
  const at = '2026-11-22T11:30:00Z';
  const behind: ArchiveOn = { ...well, logs: [{ log: 1, archived: 80, entries: 90, waiting_since: at }] };
  const failure = { code: 'off_site_unavailable', message: 'The archive does not answer', since: at, next_try: at };
  assert.equal(verdictOf({ on: false }, nowMs).tone, 'warn');
  assert.match(verdictOf(well, nowMs).title, /^Everything is archived$/);
  assert.match(verdictOf(behind, nowMs).title, /up to the last 10 entries$/);
  assert.match(verdictOf(behind, nowMs).text, /30 min ago/);
  assert.equal(verdictOf({ ...behind, late: true }, nowMs).tone, 'bad');
  assert.match(
    verdictOf({ ...behind, late: true, failure }, nowMs).text,
    /does not answer\. It is tried again.*10 entries/,
  );
  assert.match(verdictOf({ ...behind, failure, problems: 1 }, nowMs).title, /^1 file in the archive is not as kept$/);
});

test('a place that locks nothing is not called locked', () => {
  assert.match(verdictOf({ ...well, lock: 'none' }, nowMs).text, /^Nothing locks it/);
});
