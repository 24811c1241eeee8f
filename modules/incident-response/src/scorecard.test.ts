import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { append, catchUp, findingEvent, operator, setUp, startMs } from './alerts.fixture.ts';
import { dayMs } from './rule-tally.ts';
import { judge } from './scorecard.ts';

const none = { true_positive: 0, benign: 0, expected: 0, false_positive: 0 };

forEachDatabase((name, open) => {
  test(`a rule is tallied by findings of a day and of 30, and by what its alerts were, on ${name}`, async () => {
    const { database } = await open();
    const { alerts, ledger, clock } = await setUp(database);
    const other = { rule: { id: 'rule-2' }, title: 'Another' };
    const positions = await append(ledger, [
      findingEvent({ uid: 'a' }),
      findingEvent({ uid: 'b', createdAtMs: startMs + 1 }),
      findingEvent({ uid: 'c', createdAtMs: startMs + 5 * dayMs }),
      findingEvent({ uid: 'd', createdAtMs: startMs + 5 * dayMs, ...other }),
    ]);
    await catchUp(alerts.projection, ledger);
    const [first, , third] = positions.map(({ log, index }) => `${log}-${index}`);
    await alerts.change({ id: first ?? '', state: 'closed', disposition: 'false_positive', actor: operator });
    await alerts.change({ id: third ?? '', state: 'closed', actor: operator });
    clock.advance(5 * dayMs + 1000);
    const tallies = (await alerts.ruleTallies()).toSorted((a, b) => (a.ruleId < b.ruleId ? -1 : 1));
    assert.deepEqual(tallies, [
      {
        ruleId: 'rule-1',
        title: 'Download with certutil',
        level: 'high',
        firesInDay: 1,
        firesInMonth: 3,
        states: { new: 0, acknowledged: 0, closed: 2, suppressed: 0 },
        dispositions: { ...none, false_positive: 1 },
      },
      {
        ruleId: 'rule-2',
        title: 'Another',
        level: 'high',
        firesInDay: 1,
        firesInMonth: 1,
        states: { new: 1, acknowledged: 0, closed: 0, suppressed: 0 },
        dispositions: none,
      },
    ]);
    clock.advance(31 * dayMs);
    assert.deepEqual(await alerts.ruleTallies(), []);
  });
});

test('a verdict says its rule, and few judged alerts retire nothing', () => {
  const verdict = (dispositions: Partial<typeof none>, firesInDay = 0) => {
    const judged = judge({ dispositions: { ...none, ...dispositions }, firesInDay });
    return `${judged.verdict}: ${judged.reason}`;
  };
  assert.equal(verdict({ false_positive: 4 }), 'keep: 4 judged, 5 are needed to say more');
  assert.equal(verdict({ false_positive: 19 }), 'tune: 19 of 19 judged alerts were false');
  assert.equal(
    verdict({ false_positive: 18, expected: 2 }),
    'retire: 18 of 20 judged alerts were false and none was an attack',
  );
  assert.equal(verdict({ false_positive: 99, true_positive: 1 }), 'tune: 99 of 100 judged alerts were false');
  assert.equal(verdict({ expected: 5 }), 'tune: none of 5 judged alerts was an attack');
  assert.equal(verdict({ true_positive: 3, benign: 2 }), 'keep: 3 of 5 judged alerts were attacks');
  assert.equal(verdict({}, 500), 'tune: 500 findings in 24 hours are more than people look at');
  assert.equal(judge({ dispositions: none, firesInDay: 0 }).falsePositiveRatio, undefined);
  assert.equal(
    judge({ dispositions: { ...none, false_positive: 1, benign: 3 }, firesInDay: 0 }).falsePositiveRatio,
    0.25,
  );
});
