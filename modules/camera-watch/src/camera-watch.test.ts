import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { openColumnKeys, type ColumnKeys } from '@sallyport/platform/encrypted-columns';
import { createLog } from '@sallyport/platform/log';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createCameraWatch } from './camera-watch.ts';
import type { StateChange } from './cameras/activity.ts';
import { picture } from './frames/memory-socket.fixture.ts';
import { cameraWatchMigrations } from './migrations/migrations.ts';
import type { CameraDevice } from './needs.ts';

const admin = { kind: 'user', id: 'u-1', name: 'Ada' };

/** Keys of columns that are as much the right ones as `key` is. */
function keysFrom(key: Uint8Array): Promise<ColumnKeys> {
  const store = { open: async () => Buffer.concat([Buffer.from([0, 0, 0, 1]), key]), seal: async () => undefined };
  return openColumnKeys({ store, name: 'columns', tenant: 'local', random: randomBytes });
}

async function setUp(context: { after(task: () => unknown): void }) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-cameras-'));
  const file = join(directory, 'control.db');
  const { database, close } = await openDatabase({ kind: 'sqlite', file });
  context.after(async () => {
    await close();
    rmSync(directory, { recursive: true, force: true });
  });
  await migrate(database, [ledgerMigrations, cameraWatchMigrations]);
  const clock = createManualClock(Date.UTC(2026, 10, 22, 8));
  const ledger = createMemoryLedger({ clock });
  const outbox = createOutbox({
    database,
    ledger,
    key: randomBytes(32),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const devices = new Map<string, CameraDevice>();
  const tasks = new Set<() => void>();
  const lines: string[] = [];
  const start = async (sealingKey: Uint8Array) =>
    createCameraWatch({
      database,
      outbox,
      devices: { list: () => [...devices.values()], find: (id) => devices.get(id) },
      clock,
      every(_ms, task) {
        tasks.add(task);
        return () => tasks.delete(task);
      },
      delay: (_ms, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) resolve();
          else signal.addEventListener('abort', () => resolve(), { once: true });
        }),
      random: randomBytes,
      log: createLog({ clock, write: (line) => lines.push(line) }),
      sealingKey,
      columnKeys: await keysFrom(sealingKey),
    });
  const tick = (): void => tasks.forEach((task) => task());
  return { file, clock, devices, tick, tasks, lines, start };
}

test('network cameras are there again after a restart, their addresses nowhere in clear, and only for the right key', async (context) => {
  const house = await setUp(context);
  const key = randomBytes(32);
  const before = await house.start(key);
  const added = await before.add({ name: 'Barn', site: 'mill', url: 'rtsp://admin:hunter2@192.0.2.7/h264' }, admin);
  await assert.rejects(before.add({ name: 'Self', url: 'http://127.0.0.1/' }, admin), { code: 'camera_url_refused' });
  await before.close();
  assert.equal(house.tasks.size, 0);
  const after = await house.start(key);
  assert.deepEqual(
    after.list().map(({ id, name, site, kind, address }) => ({ id, name, site, kind, address })),
    [{ id: added.id, name: 'Barn', site: 'mill', kind: 'rtsp', address: 'rtsp://192.0.2.7' }],
  );
  await after.close();
  for (const suffix of ['', '-wal'])
    assert.doesNotMatch(readFileSync(`${house.file}${suffix}`).toString('latin1'), /hunter2|Barn/);
  const stranger = await house.start(randomBytes(32));
  assert.deepEqual(stranger.list(), []);
  await stranger.close();
  assert.doesNotMatch(house.lines.join(''), /hunter2/);
});

test('changes of a network camera at the same time are all kept, and one that is removed meanwhile stays removed', async (context) => {
  const house = await setUp(context);
  const key = randomBytes(32);
  const cameras = await house.start(key);
  const { id } = await cameras.add({ name: 'Barn', url: 'http://192.0.2.7/' }, admin);
  await Promise.all([cameras.change(id, { name: 'Roof' }, admin), cameras.change(id, { place: 'east' }, admin)]);
  const changed = cameras.get(id);
  assert.deepEqual([changed.name, changed.place], ['Roof', 'east']);
  await Promise.all([cameras.change(id, { site: 'mill' }, admin), cameras.remove(id, admin)]);
  await assert.rejects(cameras.change(id, { site: 'mill' }, admin), { code: 'camera_unknown' });
  assert.deepEqual(cameras.list(), []);
  await cameras.close();
  const after = await house.start(key);
  assert.deepEqual(after.list(), []);
  await after.close();
});

test('every approved device of a camera kind is a camera, and what is known of it is told as it changes', async (context) => {
  const { clock, devices, tick, start } = await setUp(context);
  const cameras = await start(randomBytes(32));
  context.after(() => cameras.close());
  const device = { id: 'phone', name: 'Gate', place: 'gate', site: 'mill', kind: 'phone' };
  devices.set('phone', { ...device, state: 'waiting' });
  devices.set('door', { ...device, id: 'door', kind: 'lock', state: 'approved' });
  assert.deepEqual([cameras.list(), cameras.find('phone')], [[], undefined]);
  devices.set('phone', { ...device, state: 'approved' });
  assert.deepEqual(cameras.find('phone'), { id: 'phone', name: 'Gate', place: 'gate', site: 'mill' });
  assert.throws(() => cameras.picture('phone'), { code: 'camera_has_no_picture' });
  await assert.rejects(cameras.remove('phone', admin), { code: 'camera_is_a_device' });
  await assert.rejects(cameras.remove('nothing', admin), { code: 'camera_unknown' });

  const changes: StateChange[] = [];
  cameras.onState((change) => changes.push(change));
  const nowMs = clock.nowMs();
  cameras.hub.offer({ cameraId: 'phone', jpeg: picture(), capturedMs: nowMs - 120, receivedMs: nowMs });
  const person = { label: 'person', score: 0.9, box: [0, 0, 1, 1], track: 1 } as const;
  cameras.see('phone', {
    sequence: 1,
    objects: [person, { ...person, track: 2 }, { ...person, label: 'constructor' }],
    tampered: 'covered',
  });
  const live = cameras.get('phone');
  assert.deepEqual(
    [live.state, live.latency_ms, live.objects, live.tampered, live.per_second],
    ['live', 120, { person: 2, constructor: 1 }, 'covered', 0.2],
  );
  clock.advance(5001);
  tick();
  const quiet = cameras.get('phone');
  assert.deepEqual([quiet.state, quiet.objects, quiet.tampered], ['offline', {}, undefined]);
  assert.deepEqual(
    changes.map(({ cameraId, from, to }) => [cameraId, from, to]),
    [
      ['phone', 'offline', 'live'],
      ['phone', 'live', 'offline'],
    ],
  );

  const gone: string[] = [];
  cameras.onDepart(() => {
    throw new Error('a listener that fails');
  });
  cameras.onDepart((id, why) => gone.push(`${id} ${why} ${cameras.find(id)?.name ?? ''}`));
  // By then the fleet says that it is revoked.
  devices.set('phone', { ...device, state: 'revoked' });
  assert.equal(cameras.find('phone'), undefined);
  cameras.cut('phone');
  assert.deepEqual(gone, ['phone revoked Gate']);
  assert.equal(cameras.hub.latest('phone'), undefined);
});
