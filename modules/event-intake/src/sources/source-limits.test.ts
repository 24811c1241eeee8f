import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { startSources } from './sources-testing.ts';

const by = { kind: 'user', id: 'u1', name: 'kim' };
const web = { keyId: 'k1', name: 'web', by };

forEachDatabase((name, open) => {
  test(`a source over its rate is refused whole until its debt is paid, and gets its rate on average on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    await house.send('web');
    await house.sources.change({ ...web, eventsPerSecond: 100 });
    const sent: number[] = [];
    for (let second = 0; second < 300; second += 1) {
      try {
        await house.send('web', 5000);
        sent.push(second);
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'source_rate_exceeded');
      }
      house.clock.advance(1000);
    }
    // 1,000 at once, 100 a second, and the one lot that overdraws.
    assert.ok(sent.length * 5000 <= 1000 + 300 * 100 + 5000, `${sent.length}`);
    assert.ok(sent.length >= 6, `${sent.length}`);
    await house.send('dns', 5000);
  });

  test(`bytes of a day are bounded over restarts, and another day begins at midnight on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    await house.send('web', 1);
    await house.sources.change({ ...web, bytesPerDay: 10_000 });
    await house.send('web', 100);
    const refused = { code: 'source_quota_exceeded' };
    await assert.rejects(house.send('web'), refused);
    await house.pass(61_000);
    house.restart();
    await assert.rejects(house.send('web'), refused);
    await house.sources.change({ ...web, bytesPerDay: null });
    await house.send('web');
    await house.sources.change({ ...web, bytesPerDay: 10_000 });
    await assert.rejects(house.send('web'), refused);
    house.clock.advance(86_400_000);
    await house.send('web');
  });

  test(`however much is refused, one event an hour says so on ${name}`, async () => {
    const { database } = await open();
    const house = await startSources(database);
    await house.send('web', 1);
    await house.sources.change({ ...web, eventsPerSecond: 1 });
    await house.send('web', 1_000_000);
    for (let minute = 0; minute < 90; minute += 1) {
      for (let times = 0; times < 10; times += 1)
        await assert.rejects(house.send('web'), { code: 'source_rate_exceeded' });
      await house.pass(60_000);
    }
    const told = house.told().filter(({ action }) => action === 'source.limited');
    assert.deepEqual(
      told.map(({ device, details }) => [device, details['requests'], details['codes']]),
      [
        ['k1/web', 10, ['source_rate_exceeded']],
        ['k1/web', 600, ['source_rate_exceeded']],
      ],
    );
  });
});
