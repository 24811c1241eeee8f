import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '@sallyport/incident-response';
import { printAlert } from './announce.ts';

const alert: Alert = {
  id: '1-8',
  number: 3,
  announcement: 3,
  state: 'new',
  createdAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  announcedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  stateChangedAtMs: 0,
  title: 'Camera Covered',
  level: 'high',
  ruleId: 'r',
  finding: { log: 1, index: 8 },
  input: { log: 1, index: 7 },
  entities: { host: 'Yard' },
  count: 1,
  lastSeenAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  lastFinding: { log: 1, index: 8 },
  revision: 0,
  priority: { value: 60, basis: {} },
};

function printed(change: Partial<Alert>): string {
  let text = '';
  printAlert({ ...alert, ...change }, (line) => (text += line), false);
  return text;
}

test('an alert is a line, and one that came back another that says so with its own time and finding', () => {
  assert.equal(printed({}), '03:04:05Z  ▲ high          Camera Covered  on Yard  finding 1/8  event 1/7\n');
  const back = {
    announcement: 9,
    announcedAtMs: Date.UTC(2026, 0, 2, 3, 9, 0),
    count: 2,
    lastFinding: { log: 1, index: 20 },
  };
  assert.equal(
    printed(back),
    '03:09:00Z  ▲ high          Camera Covered  on Yard  again, ×2 since 03:04:05Z  finding 1/20\n',
  );
});

test('a title or host cannot steer the terminal or begin a line', () => {
  const text = printed({ title: 'a\u001b[2J\nb', entities: { host: '\u001b]0;x\u0007' } });
  assert.doesNotMatch(text.slice(0, -1), /\p{C}/u);
});
