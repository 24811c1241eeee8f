import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextToast } from './toast.ts';

const alert = (id: string, severity: number) => ({ id, severity_id: severity });

test('The newest alert is shown, and how many came while another was', () => {
  const first = nextToast(null, alert('first', 3));
  assert.equal(first.others, 0);
  const second = nextToast(first, alert('second', 3));
  assert.deepEqual([second.alert.id, second.others], ['second', 1]);
});

test('What matters less does not take the place of what matters more', () => {
  const covered = nextToast(null, alert('covered', 4));
  const after = [2, 3, 1].reduce((shown, severity, index) => nextToast(shown, alert(`${index}`, severity)), covered);
  assert.deepEqual([after.alert.id, after.others], ['covered', 3]);
  assert.equal(nextToast(after, alert('worse', 5)).alert.id, 'worse');
});

test('An alert that comes again is not counted as another', () => {
  assert.equal(nextToast(nextToast(null, alert('one', 3)), alert('one', 3)).others, 0);
});
