import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import type { TimeMeasurement } from '@sallyport/platform/time-service';
import { clockWords, createHostClock } from './host-clock.ts';

function tracking(offsetSeconds: number, leap = 'Normal'): string {
  return `7F000001,time.example,2,1.0,${offsetSeconds},0.0,0.0001,0.0,0.0,0.0,0.004,0.004,2.0,${leap}\n`;
}

function start(measure?: () => TimeMeasurement) {
  const clock = createManualClock(Date.UTC(2026, 10, 22));
  const events: AuditEvent['event'][] = [];
  const house = { said: tracking(0.0001), isBroken: false };
  const hostClock = createHostClock({
    run: async (command) => (command === 'chronyc' ? house.said : undefined),
    exists: () => false,
    clock,
    ...(measure === undefined ? {} : { measure: { server: 'time.example:123', ask: async () => measure() } }),
    async record({ event }) {
      if (house.isBroken) throw new Error('The ledger is away');
      events.push(event);
    },
    deadline: () => new AbortController().signal,
    log: createLog({ clock, write: () => undefined }),
  });
  return {
    house,
    hostClock,
    clock,
    events,
    codes: () => events.map(({ metadata }) => metadata.event_code),
    async pass(minutes: number) {
      for (let minute = 0; minute < minutes; minute += 1) {
        await hostClock.tick();
        clock.advance(60_000);
      }
    },
  };
}

test('how the clock is kept is told at the start, hourly, and when it changes by more than the bound', async () => {
  const { pass, events, codes, house, hostClock } = start();
  await pass(60);
  assert.deepEqual(codes(), ['clock_state']);
  await pass(1);
  assert.deepEqual(codes(), ['clock_state', 'clock_state']);
  house.said = tracking(0.05);
  await pass(1);
  assert.equal(codes().length, 2, 'within the bound');
  house.said = tracking(0.15);
  await pass(2);
  assert.equal(codes().length, 3);
  const [event] = events;
  assert.deepEqual([event?.class_uid, event?.type_uid, event?.metadata.log_name], [5002, 500_201, 'clock']);
  assert.match(
    String(event?.message),
    /^clock_state: kept by chrony after time\.example \(stratum 2\), 0\.1 ms behind it$/,
  );
  assert.equal(hostClock.report().trouble, undefined);
});

test('a clock that is not kept, or off by over a second, is told once it lasts, and once when it is right again', async () => {
  const { pass, codes, house } = start();
  await pass(1);
  house.said = tracking(0, 'Not synchronised');
  await pass(4);
  house.said = tracking(0);
  await pass(10);
  assert.ok(!codes().includes('clock_unsynchronised'), 'a short while is no alarm');
  house.said = tracking(0, 'Not synchronised');
  await pass(30);
  assert.equal(codes().filter((code) => code === 'clock_unsynchronised').length, 1);
  house.said = tracking(-1.5);
  await pass(30);
  house.said = tracking(0);
  await pass(30);
  const told = codes().filter((code) => code !== 'clock_state');
  assert.deepEqual(told, ['clock_unsynchronised', 'clock_off', 'clock_right']);
});

test('a time server that is asked beside it can give away a clock that follows a wrong one', async () => {
  let offsetMs = 0;
  const { pass, codes, events, hostClock } = start(() => ({ ok: true, offsetMs, uncertaintyMs: 3, stratum: 1 }));
  await pass(1);
  offsetMs = 7000;
  await pass(30);
  assert.ok(codes().includes('clock_off'));
  assert.match(JSON.stringify(events.at(-1)), /"measured_offset_ms":7000/);
  assert.equal(hostClock.report().trouble, 'off');
});

test('what nobody knows is said to be unknown; what could not be recorded is told later', async () => {
  const { pass, codes, house, hostClock, events } = start(() => ({ ok: false, reason: 'no answer in time' }));
  house.said = '506 Cannot talk to daemon';
  house.isBroken = true;
  await pass(3);
  assert.deepEqual(codes(), []);
  house.isBroken = false;
  await pass(1);
  assert.deepEqual(codes(), ['clock_state']);
  assert.match(JSON.stringify(events[0]), /"synchronised":"unknown".*"time_server_problem":"no answer in time"/);
  const { state } = hostClock.report();
  assert.ok(state !== undefined);
  assert.equal(clockWords(state), 'nothing on this host says whether its clock is kept');
});
