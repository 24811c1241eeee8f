import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject, type JsonObject } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createDecisionLog } from './decision-log.ts';
import type { Decision } from './edge/index.ts';

const ann = { kind: 'user', id: 'u-1', name: 'Ann', scopes: [] } as const;
const read: Decision = {
  outcome: 'allowed',
  code: 'allowed',
  method: 'GET',
  route: '/v1/overview',
  principal: ann,
  address: '127.0.0.1',
  count: 1,
  firstAtMs: 1000,
  lastAtMs: 1000,
};

function setUp() {
  const ledger = createMemoryLedger({ clock: createManualClock(5000) });
  let drawn = 0;
  let tick: () => void = () => undefined;
  const warnings: string[] = [];
  const log = createDecisionLog({
    ledger,
    random: (bytes) => Buffer.alloc(bytes, (drawn += 1)),
    every(_, task) {
      tick = task;
      return () => undefined;
    },
    log: { warn: (message) => warnings.push(message) },
  });
  const records = (): { code: unknown; details: JsonObject; target: unknown }[] =>
    ledger.events().map(({ body }) => {
      const event: unknown = JSON.parse(Buffer.from(body ?? new Uint8Array()).toString());
      assert.ok(isJsonObject(event));
      const { metadata, unmapped } = event;
      const own = isJsonObject(unmapped) ? unmapped['sallyport'] : undefined;
      assert.ok(
        isJsonObject(metadata) && isJsonObject(own) && isJsonObject(own['details']) && isJsonObject(own['target']),
      );
      return { code: metadata['event_code'], details: own['details'], target: own['target']['id'] };
    });
  /** The minute is over, and what it wrote is written. */
  const minute = async (): Promise<void> => {
    tick();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { ledger, log, records, minute, warnings };
}

test('a caller’s reads are one record at their start and one a minute, with every read counted', async () => {
  const { log, records, minute } = setUp();
  for (let at = 1; at <= 90; at += 1) {
    const route = at % 2 === 0 ? '/v1/overview' : '/v1/alerts';
    await log.record({ ...read, route, count: 2, firstAtMs: at * 1000, lastAtMs: at * 1000 + 500 });
  }
  assert.deepEqual(
    records().map(({ target }) => target),
    ['/v1/alerts'],
  );
  await minute();
  const [, second] = records();
  assert.deepEqual(second, {
    code: 'request.allowed',
    target: 'several',
    details: {
      code: 'allowed',
      address: '127.0.0.1',
      count: 178,
      first_at_ms: 2000,
      last_at_ms: 90_500,
      routes: [
        { route: 'GET /v1/overview', count: 90 },
        { route: 'GET /v1/alerts', count: 88 },
      ],
    },
  });
  await log.record(read);
  await minute();
  assert.equal(records().length, 3, 'who goes on reading is gathered again');
  await minute();
  await log.record(read);
  assert.equal(records().length, 4, 'who comes back after a minute is written at once');
  await log.close();
  assert.equal(records().length, 4);
});

test('what sends events is gathered like reads, beside them; another change by the same caller is not', async () => {
  const { log, records, minute } = setUp();
  const send = { ...read, method: 'POST', route: '/v1/events', scope: 'events:write' };
  for (const one of [read, send, read, send, send, { ...send, scope: 'settings:manage' }]) await log.record(one);
  await minute();
  const written = records().map(({ target, details }) => `${String(target)} ${String(details['count'])}`);
  assert.deepEqual(written, ['/v1/overview 1', '/v1/events 1', '/v1/events 1', 'several 1', 'several 2']);
});

test('what a run of an agent tells and the ledger always holds is gathered, each run for itself; what it is refused is not', async () => {
  const { log, records, minute } = setUp();
  const run = { kind: 'agent', id: 'run-1', name: 'builder', scopes: ['agents:report'] } as const;
  const route = '/v1/agent/gateway/missed';
  const asked = { ...read, method: 'POST', route, scope: 'agents:report', principal: run };
  for (let at = 1; at <= 50; at += 1) await log.record({ ...asked, count: 3, lastAtMs: at * 1000 });
  await log.record({ ...asked, principal: { ...run, id: 'run-2' } });
  await log.record({ ...asked, outcome: 'denied', code: 'scope_missing', lastAtMs: 60_000 });
  assert.deepEqual(
    records().map(({ code, details: { count } }) => [code, count]),
    [
      ['request.allowed', 3],
      ['request.allowed', 1],
      ['request.denied', 1],
    ],
  );
  await minute();
  const gathered = records()[3];
  assert.deepEqual([gathered?.target, gathered?.details['count']], ['several', 147]);
  assert.deepEqual(gathered?.details['routes'], [{ route: `POST ${route}`, count: 147 }]);
});

test('of hooks and calls those that left a record are gathered, and those beside them are not', async () => {
  const { log, records, minute } = setUp();
  const run = { kind: 'agent', id: 'run-1', name: 'builder', scopes: ['agents:report'] } as const;
  const route = '/v1/agent/hooks/:harness';
  const told = { ...read, method: 'POST', route, scope: 'agents:report', principal: run };
  const left = { ...told, leftRecord: true } as const;
  for (const one of [left, told, left, left, told]) await log.record(one);
  await log.record({ ...left, outcome: 'denied', code: 'body_invalid' });
  const counts = (): unknown[] => records().map(({ target, details: { count } }) => [target, count]);
  assert.deepEqual(
    counts(),
    Array.from({ length: 4 }, () => [route, 1]),
  );
  await minute();
  assert.deepEqual(counts().slice(4), [['several', 2]]);
});

test('what a run may ask without leaving a record of it is counted at once', async () => {
  const { log, records } = setUp();
  const run = { kind: 'agent', id: 'run-1', name: 'builder', scopes: ['agents:report'] } as const;
  const asked = { ...read, method: 'POST', scope: 'agents:report', principal: run };
  const routes = [
    '/v1/agent/hooks/:harness',
    '/v1/agent/gateway/calls',
    '/v1/agent/gateway/servers',
    '/v1/agent/telemetry',
    '/v1/agent/telemetry/v1/logs',
    '/v1/agent/telemetry/v1/metrics',
    '/v1/agent/telemetry/v1/traces',
    '/v1/agent/added-later',
  ];
  // The second of each, with no minute over: as much as a kill would leave.
  for (const route of routes) {
    await log.record({ ...asked, route });
    await log.record({ ...asked, route, count: 5 });
  }
  assert.deepEqual(
    records().map(({ target, details: { count } }) => [target, count]),
    routes.flatMap((route) => [
      [route, 1],
      [route, 5],
    ]),
  );
});

test('denials, changes and strangers are written one by one, at once', async () => {
  const { log, records } = setUp();
  await log.record(read);
  for (const other of [
    { ...read, outcome: 'denied', code: 'scope_missing' },
    { ...read, method: 'POST' },
    { ...read, method: 'DELETE' },
    { ...read, address: '192.0.2.1' },
    { ...read, principal: { ...ann, id: 'u-2' } },
  ] as const)
    await log.record(other);
  const { principal: _nobody, ...stranger } = read;
  await log.record(stranger);
  await log.record(stranger);
  assert.equal(records().length, 8);
});

test('what cannot be written is kept and written later, with what came since', async () => {
  const { ledger, log, records, minute, warnings } = setUp();
  await log.record(read);
  await log.record({ ...read, count: 3 });
  ledger.refuseAppends('unavailable', { times: 1 });
  await minute();
  assert.deepEqual([records().length, warnings.length], [1, 1]);
  await log.record({ ...read, count: 4 });
  await log.close();
  assert.equal(records()[1]?.details['count'], 7);
});

test('a first read that cannot be written is not passed over as written', async () => {
  const { ledger, log, records } = setUp();
  ledger.refuseAppends('unavailable', { times: 1 });
  await assert.rejects(log.record(read), { code: 'unavailable' });
  await log.record(read);
  assert.equal(records().length, 1);
});
