import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { detectionMigrations } from './cursor.ts';
import { createRuleCosts } from './rule-costs.ts';

const day = 86_400_000;

forEachDatabase((name, open) => {
  test(`what rules cost is projected from the events that were measured, kept by day and forgotten after a month, on ${name}`, async () => {
    const { database } = await open();
    await migrate(database, [detectionMigrations]);
    const clock = createManualClock(100 * day);
    const costs = createRuleCosts({ database, clock });
    const part = {
      events: 610,
      measured: 10,
      sharedMs: 2,
      rules: [{ ruleId: 'r', ms: 1, candidates: 10, matches: 5 }],
    };
    costs.add(part);
    costs.add({ events: 5, measured: 0, sharedMs: 0, rules: [] });
    await costs.flush();
    assert.equal((await costs.report(0)).measured, 0);
    clock.advance(60_000);
    await costs.flush();
    costs.add(part);
    await costs.flush('now');
    const report = await costs.report(100 * day);
    assert.deepEqual([report.measured, report.micros], [20, 2 * 61 * 3_000]);
    assert.deepEqual(report.rules.get('r'), { micros: 2 * 61_000, candidates: 2 * 610, matches: 2 * 305 });
    clock.advance(31 * day);
    costs.add(part);
    await costs.flush('now');
    assert.equal((await costs.report(0)).measured, 10);
  });

  if (name !== 'SQLite') return;

  test('what the database cannot take is written the next time, and nobody is held up by it', async () => {
    const { database } = await open();
    await migrate(database, [detectionMigrations]);
    const clock = createManualClock(100 * day);
    const costs = createRuleCosts({ database, clock });
    await database.schema.alterTable('detection_rule_costs').renameTo('away').execute();
    const part = { events: 61, measured: 1, sharedMs: 1, rules: [{ ruleId: 'r', ms: 1, candidates: 1, matches: 0 }] };
    costs.add(part);
    await costs.flush('now');
    await database.schema.alterTable('away').renameTo('detection_rule_costs').execute();
    costs.add(part);
    await costs.flush('now');
    const report = await costs.report(0);
    assert.deepEqual([report.measured, report.rules.get('r')?.candidates], [2, 122]);
  });
});
