// While much comes in, several ranges are saved as one: whatever ends in between, the same is found once.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { comparePositions } from '@sallyport/contracts';
import type { JsonObject, Position } from '@sallyport/contracts';
import type { Ledger, Projection } from '@sallyport/ledger';
import { openDatabase } from '@sallyport/platform/database';
import { createCursor } from './cursor.ts';
import { append, catchUp, setUp } from './detection.fixture.ts';

const rules = [
  'title: Sign-in failed\nid: r-failed\nlogsource: { product: sallyport, service: audit }\ndetection:\n    selection:\n        metadata.event_code: sign-in.failed\n    condition: selection',
  'title: Repeated\nid: c-repeated\ncorrelation:\n    type: event_count\n    rules: [r-failed]\n    group-by: [src_endpoint.ip]\n    timespan: 10m\n    condition: { gte: 3 }',
].join('\n---\n');

const failed = (address: string): JsonObject => ({
  class_uid: 3002,
  metadata: { version: '1.8.0', log_name: 'audit', event_code: 'sign-in.failed' },
  src_endpoint: { ip: address },
});

/** One range is saved at once, the next ones are not. */
async function world() {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  after(close);
  const tasks = new Set<() => void>();
  const every = (_intervalMs: number, task: () => void): (() => void) => {
    tasks.add(task);
    return () => tasks.delete(task);
  };
  const made = await setUp(database, { every, limits: { matchingThreads: 1, rangesSavedAtOnce: 1 } });
  made.directory.write('story.yml', rules);
  const restart = async () => (await made.restart()).projection;
  return { ...made, open: made.restart, restart, saved: () => createCursor(database).read(), tasks };
}

async function goOn(projection: Projection, ledger: Ledger, from: Position): Promise<Position> {
  for (let cursor = from; ;) {
    const range = await ledger.read(cursor, { maxEvents: 1, maxBytes: 1e6 });
    if (comparePositions(range.to, cursor) === 0) return cursor;
    await projection.apply(range);
    cursor = range.to;
  }
}

const found = (ledger: Awaited<ReturnType<typeof world>>['ledger']): number =>
  ledger.events().filter(({ classUid }) => classUid === 2004).length;

test('ranges that were not saved are scanned again by the next process, and found once', async () => {
  const { ledger, restart, saved } = await world();
  await append(ledger, [failed('192.0.2.7'), failed('192.0.2.7'), failed('192.0.2.7'), failed('192.0.2.7')]);
  const projection = await restart();
  const reached = await goOn(projection, ledger, (await projection.load(ledger.head())).cursor);
  assert.equal(found(ledger), 1);
  assert.ok(comparePositions(await saved(), reached) < 0, 'not everything is saved');
  await catchUp(await restart(), ledger);
  assert.equal(found(ledger), 1);
});

test('what was put off is saved when nothing more comes', async () => {
  const { ledger, restart, saved, clock, tasks } = await world();
  await append(ledger, [failed('192.0.2.7'), failed('192.0.2.7')]);
  const projection = await restart();
  const reached = await goOn(projection, ledger, (await projection.load(ledger.head())).cursor);
  for (const task of tasks) task();
  await projection.load(ledger.head());
  assert.ok(comparePositions(await saved(), reached) < 0, 'it is not time yet');
  await goOn(projection, ledger, await saved());
  clock.advance(2000);
  for (const task of tasks) task();
  // Behind it in turn.
  await projection.load(ledger.head());
  assert.deepEqual(await saved(), reached);
});

test('what was erased before it was saved counts no more, in this process and in the next one', async () => {
  const { ledger, restart, open } = await world();
  const { projection, forget } = await open();
  const positions = await append(ledger, [failed('192.0.2.7'), failed('192.0.2.7')]);
  const reached = await goOn(projection, ledger, (await projection.load(ledger.head())).cursor);
  const [, second] = positions;
  if (second === undefined) throw new TypeError('nothing was appended');
  ledger.erase(second);
  assert.equal(await forget([{ log: second.log, from: second.index, to: second.index + 1 }]), 1);
  await append(ledger, [failed('192.0.2.7')]);
  await goOn(projection, ledger, reached);
  assert.equal(found(ledger), 0, 'two that are left are no three');
  await catchUp(await restart(), ledger);
  assert.equal(found(ledger), 0);
});
