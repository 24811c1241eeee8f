import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeTurn } from './announce-alert.ts';

function memory(kept?: string) {
  const entries = new Map(kept === undefined ? [] : [['sallyport.last-sounded', kept]]);
  return {
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
  };
}
const alert = (at: string, number: number) => ({ announced_at: `2026-03-01T${at}Z`, announcement: number });

test('An alert is announced by one window, also when several come in the same millisecond', () => {
  const storage = memory();
  const windows = [1, 2, 3].map(() => takeTurn(storage, 'sound', alert('12:00:00.000', 7)));
  assert.deepEqual(windows, [true, false, false]);
  assert.equal(takeTurn(storage, 'sound', alert('12:00:00.000', 8)), true);
  assert.equal(takeTurn(storage, 'sound', alert('11:59:59.000', 6)), false);
});

test('After a restore, when numbers begin anew, and whatever stands in the storage, alerts are announced again', () => {
  assert.equal(takeTurn(memory(`${Date.parse('2026-03-01T12:00:00Z')}/900`), 'sound', alert('12:00:01.000', 1)), true);
  for (const kept of ['900', 'nonsense', '/', ''])
    assert.equal(takeTurn(memory(kept), 'sound', alert('12:00:01.000', 1)), true);
});

test('Who took the turn to sound has not taken the one to notify', () => {
  const storage = memory();
  assert.equal(takeTurn(storage, 'sound', alert('12:00:00.000', 7)), true);
  assert.equal(takeTurn(storage, 'notification', alert('12:00:00.000', 7)), true);
  assert.equal(takeTurn(storage, 'notification', alert('12:00:00.000', 7)), false);
});
