import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSourceFigures } from '@sallyport/event-intake';
import { createManualClock } from '@sallyport/platform/clock';
import { CodedError } from '@sallyport/platform/errors';
import { createOverview } from './overview.ts';
import type { OverviewNeeds } from './overview.ts';

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 30);

function setUp(changes: Partial<OverviewNeeds> = {}) {
  const clock = createManualClock(nowMs);
  let searches = 0;
  const figures = createSourceFigures(clock, null);
  figures.receive({
    accepted: 7,
    bytes: 1,
    keptRaw: new Map([
      ['a', 1],
      ['b', 2],
    ]),
    summary: { formats: {}, lags: [] },
  });
  const source = {
    keyId: 'k',
    createdAtMs: nowMs - 3_600_000,
    settings: { expected: 'auto', eventsPerSecond: 1, bytesPerDay: 1 },
    revision: 0,
    figures,
  } as const;
  const overview = createOverview({
    clock,
    search: {
      async histogram() {
        searches += 1;
        return { elapsedMs: 1, intervalMs: 60_000, buckets: [{ fromMs: Date.UTC(2026, 0, 2, 3, 4), count: 5 }] };
      },
      count: async () => ({ count: 12, elapsedMs: 1 }),
      health: async () => ({ isUp: true, rows: 1, lagEntries: 0, cursor: { log: 1, index: 9 }, lastError: undefined }),
    },
    alerts: {
      counts: async () => [
        { state: 'new', level: 'high', count: 2 },
        { state: 'acknowledged', level: 'high', count: 1 },
        { state: 'suppressed', level: 'high', count: 9 },
      ],
    },
    intake: {
      sources: {
        list: async () => [
          { ...source, name: 'live', lastHeardMs: nowMs - 1000, standing: { state: 'heard' } },
          { ...source, name: 'file', lastHeardMs: nowMs - 3_600_000, standing: { state: 'finished' } },
          { ...source, name: 'gone', lastHeardMs: nowMs - 600_001, standing: { state: 'silent', dueMs: nowMs - 1 } },
          { ...source, name: 'new', lastHeardMs: undefined, standing: { state: 'waiting' } },
        ],
      },
    },
    ledger: {
      head: () => ({ log: 1, index: 9 }),
      checkpoint: async () => 'checkpoint',
      verifierKey: async () => 'key',
      status: async () => ({ intake_allowed: true }),
    },
    witnesses: {
      report: async () => ({
        witnesses: [],
        policy: { needed: 1, tailLimitMs: 3_600_000 },
        log: { number: 1, size: 9, signing: 'open' },
        quorum: undefined,
        tail: undefined,
        closed: [],
      }),
    },
    projections: [
      { health: () => ({ name: 'alerts', state: 'running', cursor: { log: 1, index: 4 }, eventsApplied: 1 }) },
    ],
    children: { pids: () => ({ sealer: 1, store: 2 }) },
    organization: async () => 'Demo House',
    ...changes,
  });
  return { clock, overview, searches: () => searches };
}

const away = () => Promise.reject(new CodedError('unavailable', 'Away'));

test('the overview says how things stand', async () => {
  const { overview } = setUp();
  const { rate, alerts, sources, ledger, processes, projections, organization } = await overview.read();
  assert.equal(organization, 'Demo House');
  assert.deepEqual([rate?.per_minute.length, rate?.last_hour], [60, 5]);
  assert.deepEqual(rate?.per_minute.at(-1), { time: '2026-01-02T03:04:00.000Z', count: 5 });
  assert.deepEqual(
    alerts?.open_by_level.find(({ level }) => level === 'high'),
    { level: 'high', count: 3 },
  );
  assert.deepEqual(
    alerts?.by_state.map(({ state, count }) => [state, count]),
    [
      ['new', 2],
      ['acknowledged', 1],
      ['closed', 0],
      ['suppressed', 9],
    ],
  );
  assert.deepEqual(
    sources?.map(({ name, state, silent, kept_raw, due_at }) => [name, state, silent, kept_raw, due_at]),
    [
      ['live', 'heard', false, 3, null],
      ['file', 'finished', false, 3, null],
      ['gone', 'silent', true, 3, new Date(nowMs - 1).toISOString()],
      ['new', 'waiting', false, 3, null],
    ],
  );
  assert.deepEqual(sources?.[0]?.unread, [
    { reason: 'a', count: 1 },
    { reason: 'b', count: 2 },
  ]);
  assert.equal(rate?.own_last_hour, 7);
  const unwatched = {
    configured: 0,
    needed: 1,
    held: false,
    witnessed_entries: 0,
    tail_age_seconds: null,
    tail_too_old: false,
  };
  assert.deepEqual(ledger, {
    head: '1/9',
    entries: 9,
    checkpoint: 'checkpoint',
    verifier_key: 'key',
    witnesses: unwatched,
  });
  assert.ok(processes.every(({ up }) => up));
  assert.deepEqual(projections, [{ name: 'alerts', state: 'running', cursor: '1/4', lag: 5, error: null }]);
});

test('a part that is away is null and takes nothing else away', async () => {
  const search = {
    histogram: away,
    count: away,
    health: async () => ({
      isUp: false,
      rows: undefined,
      lagEntries: 0,
      cursor: { log: 1, index: 9 },
      lastError: 'gone',
    }),
  };
  const ledger = { head: () => ({ log: 1, index: 9 }), checkpoint: away, verifierKey: away, status: away };
  const { rate, alerts, ledger: shown, processes } = await setUp({ search, ledger }).overview.read();
  assert.deepEqual([rate, shown], [null, null]);
  assert.ok(alerts);
  assert.deepEqual(
    processes.map(({ name, up }) => [name, up]),
    [
      ['server', true],
      ['sealer', false],
      ['store', false],
    ],
  );
});

test('a fault of ours is not hidden', async () => {
  const counts = () => Promise.reject(new TypeError('fault'));
  await assert.rejects(setUp({ alerts: { counts } }).overview.read(), TypeError);
});

test('many readers within a second cost as much as one', async () => {
  const { overview, searches, clock } = setUp();
  await Promise.all([overview.read(), overview.read(), overview.read()]);
  assert.equal(searches(), 1);
  clock.advance(1000);
  await overview.read();
  assert.equal(searches(), 2);
});
