import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import type { Collector } from './collectors/collector.ts';
import { createGovernor } from './liveness/governor.ts';
import { createRunner } from './runner.ts';
import { openSpool } from './spool/spool.ts';

const directory = mkdtempSync(join(tmpdir(), 'sensor-runner-'));
after(() => rmSync(directory, { recursive: true }));

function setUp(collector: Collector) {
  const clock = createManualClock(1_700_000_000_000);
  const spool = openSpool({
    directory: mkdtempSync(join(directory, 'd')),
    key: randomBytes(32),
    random: randomBytes,
    limits: { maxBytes: 1 << 20, segmentBytes: 1 << 16 },
    lostLine: () => '{}',
  });
  const runner = createRunner({
    collectors: [collector],
    spool,
    governor: createGovernor({ clock, usedMs: () => 0 }),
    clock,
    log: createLog({ clock, write: () => undefined }),
    sender: { host: 'host-a', version: '0.1.0' },
  });
  const told = () =>
    (spool.nextBatch({ maxRecords: 1000, maxBytes: 1 << 20 })?.entries ?? []).map(({ line }) => {
      const record = parseJson(line);
      return isJsonObject(record) ? [record['event'], record['problem'] ?? record['paused_ms'] ?? ''] : [];
    });
  return { clock, runner, told };
}

const quiet: Collector = {
  name: 'quiet',
  everyMs: 1000,
  collect: () => ({ records: [] }),
  coverage: () => ({ collector: 'quiet', state: 'full', sees: '', misses: '', remedy: undefined }),
};

test('a process that is stopped for a while says for how long, by the clock that nobody can set', async () => {
  const { clock, runner, told } = setUp(quiet);
  await runner.tick();
  clock.advance(1000);
  await runner.tick();
  assert.deepEqual(told(), []);
  clock.advance(61_000);
  // Whoever stopped it may have turned the other clock back.
  clock.setWall(1_600_000_000_000);
  await runner.tick();
  assert.deepEqual(told(), [['sensor.paused', 61_000]]);
});

test('a collector that goes blind is told once, and once that it sees again; one that throws is tried again', async () => {
  let fault: string | undefined = 'gone';
  const { clock, runner, told } = setUp({
    ...quiet,
    collect() {
      if (fault !== undefined) throw new Error(fault);
      return { records: [] };
    },
  });
  for (let round = 0; round < 4; round += 1) {
    await runner.tick();
    clock.advance(5000);
  }
  fault = undefined;
  for (let round = 0; round < 4; round += 1) {
    await runner.tick();
    clock.advance(9000);
  }
  assert.deepEqual(told(), [
    ['sensor.collector_blind', 'gone'],
    ['sensor.collector_recovered', ''],
  ]);
});
