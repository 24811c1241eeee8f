import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Zone } from './camera-types.ts';
import { changedZones, historyOf, redone, undone } from './zone-history.ts';

const named = (name: string): readonly Zone[] => [{ id: 'z', name, points: [], labels: [], kind: 'watch' }];
const nameOf = ({ zones }: { readonly zones: readonly Zone[] }): string | undefined => zones[0]?.name;

test('What belongs to one drag is one step back, and comes again', () => {
  let history = historyOf(named('a'));
  for (const name of ['b', 'c', 'd']) history = changedZones(history, named(name), 'drag 1');
  history = changedZones(history, named('e'), 'drag 2');
  assert.equal(nameOf(undone(history)), 'd');
  assert.equal(nameOf(undone(undone(history))), 'a');
  assert.equal(nameOf(undone(undone(undone(history)))), 'a');
  assert.equal(nameOf(redone(undone(undone(history)))), 'd');
  assert.equal(nameOf(redone(history)), 'e');
});

test('What is changed after going back takes the place of what came then, and never of what was before', () => {
  const back = undone(changedZones(historyOf(named('a')), named('b'), 'drag 1'));
  const anew = changedZones(back, named('c'), 'drag 1');
  assert.equal(nameOf(redone(anew)), 'c');
  assert.equal(nameOf(undone(anew)), 'a');
});

test('However much is drawn, so many steps are kept', () => {
  let history = historyOf(named('0'));
  for (let at = 1; at <= 500; at += 1) history = changedZones(history, named(String(at)));
  assert.equal(history.past.length, 100);
  for (let at = 0; at < 500; at += 1) history = undone(history);
  assert.equal(nameOf(history), '400');
});
