import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erasedText } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { entityFields, promotedValue } from '@sallyport/event-search';
import type { EventFilter, FoundEvent, Neighbours } from '@sallyport/event-search';
import type { Principal } from '@sallyport/platform/http';
import { lookAround } from './around.ts';
import { graphLimits } from './graph.ts';
import type { AroundNeeds, NearAlert } from './needs.ts';

const startMs = Date.UTC(2026, 0, 2, 3);
const analyst: Principal = {
  kind: 'user',
  id: 'u1',
  name: 'Ada',
  scopes: ['alerts:read', 'events:read', 'devices:read', 'audit:read'],
};

function signIn(user: string, ip: string, host = 'srv-1', statusId = 1): JsonObject {
  return {
    class_uid: 3002,
    status_id: statusId,
    user: { name: user },
    src_endpoint: { ip },
    device: { hostname: host },
    raw_data: 'x',
  };
}

function alert(id: string, entities: NearAlert['entities']): NearAlert {
  return {
    id,
    title: `Alert ${id}`,
    level: 'high',
    priority: 60,
    state: 'new',
    count: 1,
    firstSeenMs: startMs,
    lastSeenMs: startMs,
    finding: { log: 1, index: 900 },
    input: { log: 1, index: 1 },
    entities,
  };
}

/** The event store's answers over events in memory; audit records are those of class 3004. */
function needsOver(events: readonly JsonObject[], alerts: readonly NearAlert[], more: Partial<AroundNeeds> = {}) {
  const asked: EventFilter[] = [];
  const found: FoundEvent[] = events.map((event, index) => ({
    position: { log: 1, index },
    receivedAtMs: startMs + index,
    event,
  }));
  const visible = ({ withoutOwn }: EventFilter) =>
    found.filter(({ event }) => withoutOwn !== 'audit' || event?.['class_uid'] !== 3004);
  const neighbours: Neighbours = async ({ filter, centres, perField }) => {
    asked.push(filter);
    const rows = centres.flatMap((centre, at) => {
      const beside = new Map<string, FoundEvent[]>();
      for (const one of visible(filter)) {
        if (String(promotedValue(one.event ?? {}, centre.field)).toLowerCase() !== centre.value.toLowerCase()) continue;
        for (const field of entityFields) {
          const value = promotedValue(one.event ?? {}, field);
          if (field === 'host' && promotedValue(one.event ?? {}, 'camera') !== null) continue;
          if (typeof value !== 'string' || (field === centre.field && value === centre.value)) continue;
          beside.set(`${field} ${value}`, [...(beside.get(`${field} ${value}`) ?? []), one]);
        }
      }
      return entityFields.flatMap((field) => {
        const of = [...beside].filter(([name]) => name.startsWith(`${field} `));
        return of.slice(0, perField).map(([name, all]) => ({
          centre: at,
          field,
          value: name.slice(field.length + 1),
          otherSpelling: name.slice(field.length + 1),
          label: field === 'camera' ? 'Gate' : '',
          count: all.length,
          failed: all.filter(({ event }) => event?.['status_id'] === 2).length,
          firstMs: all[0]?.receivedAtMs ?? 0,
          lastMs: all.at(-1)?.receivedAtMs ?? 0,
          first: all[0]?.position ?? { log: 1, index: 0 },
          last: all.at(-1)?.position ?? { log: 1, index: 0 },
          classes: [...new Set(all.map(({ event }) => Number(event?.['class_uid'])))],
          distinct: of.length,
        }));
      });
    });
    return { neighbours: rows, elapsedMs: 1 };
  };
  const needs: AroundNeeds = {
    alert: async (id) => ({ ...(alerts.find((one) => one.id === id) ?? assert.fail()), matched: [] }),
    alertsBetween: async () => alerts,
    neighbours,
    events: {
      search: async (request) => ({ events: visible(request).slice(0, request.limit) }),
      histogram: async () => ({ intervalMs: 60_000, buckets: [] }),
      rebuilding: async () => undefined,
    },
    risk: () => undefined,
    device: (id) => (id === 'cam-1' ? { id, name: 'Phone at the gate', site: 'Mill', approvedBy: 'Ada' } : undefined),
    clock: { monotonicMs: () => 0 },
    ...more,
  };
  return { needs, asked };
}

const look = (needs: AroundNeeds, principal = analyst) => lookAround(needs, { id: '1-1', hours: 6, principal });

test('an alert leads over an address to whoever used it elsewhere, with their alerts, in two steps', async () => {
  const alerts = [
    alert('1-1', { host: 'srv-1', user: 'svc-backup' }),
    alert('1-2', { host: 'pc-1', user: 'mira' }),
    alert('1-3', { host: 'far-away' }),
  ];
  const { needs } = needsOver([signIn('svc-backup', '10.0.0.17'), signIn('mira', '10.0.0.17', 'pc-1', 2)], alerts);
  const around = await look(needs);
  assert.deepEqual(
    around.graph.nodes.map(({ id, hop }) => [hop, id]),
    [
      [0, 'person:svc-backup'],
      [0, 'host:srv-1'],
      [1, 'address:10.0.0.17'],
      [2, 'host:pc-1'],
      [2, 'person:mira'],
    ],
  );
  const relation = around.graph.edges.find(({ to, from }) => from === 'person:mira' && to.startsWith('address'));
  assert.deepEqual([relation?.relation, relation?.count, relation?.failed], ['signed_in_from', 1, 1]);
  assert.deepEqual(
    around.alerts.map(({ id }) => id),
    ['1-2'],
  );
  assert.ok(around.timeline.some((moment) => moment.kind === 'alert' && moment.nodes.includes('person:mira')));
});

test('an address that everybody uses is told as such: some are drawn, the others counted, and nothing grows over the limits', async () => {
  const events = Array.from({ length: 300 }, (_, at) => signIn(`user-${at}`, '10.0.0.1', `host-${at % 120}`, 2));
  const { needs } = needsOver(events, [alert('1-1', { source: '10.0.0.1' })]);
  const { graph } = await look(needs);
  assert.ok(graph.nodes.length + graph.folds.length <= graphLimits.nodes);
  const drawn = graph.nodes.filter(({ entity, hop }) => entity.kind === 'person' && hop === 1).length;
  assert.deepEqual(
    graph.folds.find(({ at, of }) => at === 'address:10.0.0.1' && of === 'person'),
    { at: 'address:10.0.0.1', of: 'person', count: 300 - drawn },
  );
});

test('who may not read the audit trail, events or devices sees nothing of them, and is told', async () => {
  const own = { class_uid: 3004, user: { name: 'svc-backup' }, src_endpoint: { ip: '10.9.9.9' } };
  const camera = {
    class_uid: 5019,
    unmapped: { sallyport: { camera: { id: 'cam-1' }, site: 'Mill' } },
    device: { hostname: 'Gate' },
  };
  const setting = needsOver([own, camera], [alert('1-1', { user: 'svc-backup', camera: 'cam-1' })]);
  const ids = async (scopes: readonly string[]) =>
    (await look(setting.needs, { ...analyst, scopes })).graph.nodes.map(({ id }) => id).toSorted();
  assert.deepEqual(await ids(analyst.scopes), [
    'address:10.9.9.9',
    'camera:cam-1',
    'device:phone at the gate',
    'person:ada',
    'person:svc-backup',
    'site:mill',
  ]);
  assert.deepEqual(await ids(['alerts:read', 'events:read']), ['camera:cam-1', 'person:svc-backup', 'site:mill']);
  const before = setting.asked.length;
  const blind = await look(setting.needs, { ...analyst, scopes: ['alerts:read'] });
  assert.equal(setting.asked.length, before, 'no event was asked for');
  assert.deepEqual(blind.hints, ['Events are left out: they need "events:read"']);
  assert.deepEqual(
    blind.timeline.map(({ kind }) => kind),
    ['alert'],
  );
});

test('the operating system is nobody: the same name on every host joins none of them', async () => {
  const events = [
    signIn('NT AUTHORITY\\SYSTEM', '10.0.0.1', 'pc-1'),
    signIn('SYSTEM', '10.0.0.2', 'pc-2'),
    signIn('pc-1$', '10.0.0.1', 'pc-1'),
  ];
  const { needs } = needsOver(events, [alert('1-1', { host: 'pc-1', user: 'SYSTEM' })]);
  const { graph } = await look(needs);
  assert.deepEqual(graph.nodes.map(({ id }) => id).toSorted(), ['address:10.0.0.1', 'host:pc-1', 'person:pc-1$']);
});

test('what was erased is nobody: neither a node that joins strangers nor a name', async () => {
  const { needs } = needsOver(
    [signIn(erasedText, '10.0.0.1'), signIn(erasedText, '10.0.0.2')],
    [alert('1-1', { source: '10.0.0.1', user: erasedText })],
  );
  const { graph } = await look(needs);
  assert.deepEqual(
    graph.nodes.map(({ id }) => id),
    ['address:10.0.0.1', 'host:srv-1', 'address:10.0.0.2'],
  );
});
