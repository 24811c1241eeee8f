import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createMemoryLedger } from './memory-ledger.ts';

const body = new TextEncoder().encode('{}');
const entry = (sequence: number, stream = 's') => ({ classUid: 0, body, sequence, stream });
const batch = (...entries: ReturnType<typeof entry>[]) => ({ collector: 'c', priority: 'intake' as const, entries });
const wide = { maxEvents: 100, maxBytes: 1000 };

test('append() returns ascending positions and the old position of a duplicate', async () => {
  const ledger = createMemoryLedger({ clock: createManualClock(1_700_000_000_999) });
  const first = await ledger.append(batch(entry(0), entry(1)));
  assert.deepEqual(first, [
    { log: 1, index: 0 },
    { log: 1, index: 1 },
  ]);
  const second = await ledger.append(batch(entry(1), entry(2), entry(1, 'other')));
  assert.deepEqual(
    second.map((position) => position.index),
    [1, 3, 4],
  );
  assert.equal(await ledger.countEvents(1, 0, 100), 4);
  assert.equal(ledger.events()[0]?.receivedAtMs, 1_700_000_000_000);
});

test('read() pages through events without block entries and ends empty at the head', async () => {
  const ledger = createMemoryLedger({ clock: createManualClock(0) });
  await ledger.append(batch(entry(0), entry(1), entry(2)));
  await ledger.append(batch(entry(3)));
  const one = await ledger.read({ log: 1, index: 0 }, { maxEvents: 2, maxBytes: 1000 });
  assert.deepEqual([one.events.length, one.to.index], [2, 2]);
  const two = await ledger.read(one.to, wide);
  assert.deepEqual([two.events.length, two.to], [2, ledger.head()]);
  const three = await ledger.read(two.to, wide);
  assert.deepEqual(three, { from: two.to, to: two.to, events: [] });
  const bytes = await ledger.read({ log: 1, index: 0 }, { maxEvents: 9, maxBytes: 1 });
  assert.equal(bytes.events.length, 1, 'one event goes through whatever its size');
});

test('waitPast() wakes on append and rejects with the reason of the abort', async () => {
  const ledger = createMemoryLedger({ clock: createManualClock(0) });
  const waiting = ledger.waitPast({ log: 1, index: 0 }, new AbortController().signal);
  await ledger.append(batch(entry(0)));
  await waiting;
  const abort = new AbortController();
  const aborted = ledger.waitPast(ledger.head(), abort.signal);
  abort.abort(new Error('Enough'));
  await assert.rejects(aborted, /Enough/);
});

test('a refused append may have been recorded, and a resend returns the same position', async () => {
  const ledger = createMemoryLedger({ clock: createManualClock(0) });
  ledger.refuseAppends('unavailable', { recorded: true });
  await assert.rejects(ledger.append(batch(entry(0))), { code: 'unavailable' });
  assert.deepEqual(await ledger.append(batch(entry(0))), [{ log: 1, index: 0 }]);
  assert.equal(ledger.events().length, 1);
});

test('a reader at the end of an old log continues in the next', async () => {
  const ledger = createMemoryLedger({ clock: createManualClock(0) });
  await ledger.append(batch(entry(0)));
  const end = ledger.head();
  ledger.openNextLog();
  await ledger.append(batch(entry(1)));
  const range = await ledger.read(end, wide);
  assert.deepEqual(
    [range.events[0]?.position, range.to],
    [
      { log: 2, index: 0 },
      { log: 2, index: 2 },
    ],
  );
});

test('an erased event keeps its place and loses its body', async () => {
  const ledger = createMemoryLedger({ clock: createManualClock(0) });
  const [position] = await ledger.append(batch(entry(0)));
  assert.ok(position);
  assert.match(await ledger.prove(position), /1\/0/);
  ledger.erase(position);
  assert.equal(ledger.events()[0]?.body, undefined);
  await assert.rejects(ledger.prove(position), { code: 'erased' });
});
