import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readSettings, settingsDraft } from './settings-draft.ts';

const limits = { events_per_second: 500, bytes_per_day: 2_000_000_000 };

test('What was changed is sent and nothing else, and an empty field takes back what was chosen', () => {
  const before = settingsDraft({
    label: 'Firewall',
    site: 'Plant',
    expected: 'always',
    quiet_after_ms: 900_000,
    limits,
  });
  assert.deepEqual(readSettings(before, before), {});
  assert.deepEqual(readSettings({ ...before, label: ' Gate ', site: 'Mill', eventsPerSecond: '1,000' }, before), {
    label: 'Gate',
    site: 'Mill',
    events_per_second: 1000,
  });
  assert.deepEqual(
    readSettings({ ...before, label: ' ', site: '', expected: 'auto', quietMinutes: '', megabytesPerDay: '' }, before),
    { label: null, site: null, expected: 'auto', quiet_after_ms: null, bytes_per_day: null },
  );
});

test('What is no whole number from 1 on is never sent', () => {
  const draft = settingsDraft({ expected: 'auto', limits });
  for (const wrong of ['0', '-5', '1.5', '1e3', 'many', '٣', '99999999999'])
    assert.equal(readSettings({ ...draft, eventsPerSecond: wrong }, draft), undefined, wrong);
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = readSettings({ ...draft, quietMinutes: text }, draft);
      const after = read?.quiet_after_ms;
      assert.ok(
        read === undefined || after === undefined || after === null || (Number.isSafeInteger(after) && after >= 60_000),
      );
    }),
  );
});
