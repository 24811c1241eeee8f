import assert from 'node:assert/strict';
import { chmodSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { after, test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { watchFolder } from '../host/watch-folder.ts';
import type { WatchFolder } from '../host/watch-folder.ts';
import { createTemporaryHost } from '../testing/temporary-host.ts';
import type { WhoData } from './audit-log.ts';
import type { Collector } from './collector.ts';
import { createFileIntegrityCollector } from './file-integrity.ts';

const hosts: { end(): void }[] = [];
const open: Collector[] = [];
after(() => {
  for (const collector of open) collector.close?.();
  for (const host of hosts) host.end();
});

const deaf: WatchFolder = () => () => undefined;

function setUp(watch: WatchFolder = deaf) {
  const host = createTemporaryHost();
  hosts.push(host);
  const clock = createManualClock(Date.now());
  host.write('/etc/hosts', 'one');
  host.write('/etc/ssh/sshd_config', 'PermitRootLogin no');
  host.write('/home/ada/.ssh/authorized_keys', 'key');
  let who: WhoData | undefined;
  const collector = (position?: string): Collector => {
    const made = createFileIntegrityCollector({
      ...host,
      clock,
      watch,
      baselines: host.baselines('files'),
      paths: ['/etc', '/home/*/.ssh'],
      excluded: ['/etc/mtab'],
      own: ['/etc/sallyport-sensor'],
      position,
      whoTouched: () => who,
    });
    open.push(made);
    return made;
  };
  const rescan = async (made: Collector) => {
    clock.advance(16 * 60_000);
    const collected = await made.collect();
    made.committed?.();
    return collected;
  };
  return { host, clock, collector, rescan, setWho: (given: WhoData) => (who = given) };
}

const names = (records: readonly { event: string; fields: Readonly<Record<string, unknown>> }[]): string[] =>
  records.map(({ event, fields }) => `${event} ${String(fields['TargetFilename'])}`).toSorted();

test('what is there at first is learnt in silence; then content, rights, new, gone and links are told', async () => {
  const { host, collector, rescan } = setUp();
  const looking = collector();
  const first = await looking.collect();
  assert.deepEqual(
    first.records.map(({ event }) => event),
    ['baseline_made'],
  );
  assert.deepEqual((await rescan(looking)).records, []);
  host.write('/etc/hosts', 'two');
  chmodSync(host.at('/etc/ssh/sshd_config'), 0o666);
  host.write('/home/ada/.ssh/rc', 'new');
  unlinkSync(host.at('/home/ada/.ssh/authorized_keys'));
  symlinkSync('/tmp/evil', host.at('/etc/cron.d'));
  host.write('/etc/mtab', 'left out');
  const { records } = await rescan(looking);
  assert.deepEqual(names(records), [
    'file_attributes_changed /etc/ssh/sshd_config',
    'file_created /etc/cron.d',
    'file_created /home/ada/.ssh/rc',
    'file_deleted /home/ada/.ssh/authorized_keys',
    'file_modified /etc/hosts',
  ]);
  const changed = records.find(({ fields }) => fields['TargetFilename'] === '/etc/hosts')?.fields ?? {};
  assert.match(String(changed['Hashes']), /^SHA256=[0-9a-f]{64}$/);
  assert.notEqual(changed['PreviousHashes'], changed['Hashes']);
  assert.equal(changed['who'], 'unknown');
  assert.deepEqual((await rescan(looking)).records, []);
});

test('a change that keeps size and time of modification is found all the same', async () => {
  const { host, collector, rescan } = setUp();
  const looking = collector();
  await looking.collect();
  const when = new Date(1_600_000_000_000);
  utimesSync(host.at('/etc/hosts'), when, when);
  await rescan(looking);
  host.write('/etc/hosts', 'two');
  utimesSync(host.at('/etc/hosts'), when, when);
  assert.deepEqual(names((await rescan(looking)).records), ['file_modified /etc/hosts']);
});

test('what changed while the sensor was stopped is told after it starts, and once', async () => {
  const { host, collector, rescan } = setUp();
  const first = collector();
  const { position } = await first.collect();
  first.committed?.();
  host.write('/etc/hosts', 'two');
  const second = await collector(position).collect();
  assert.deepEqual(names(second.records), ['file_modified /etc/hosts']);
  // A crash before the position was kept: told again from the same baseline.
  const again = await collector(position).collect();
  assert.deepEqual(names(again.records), ['file_modified /etc/hosts']);
  assert.deepEqual((await rescan(collector(again.position))).records, []);
});

test('a baseline that was removed or damaged is told', async () => {
  const { host, collector } = setUp();
  const { position } = await collector().collect();
  rmSync(host.at('/state'), { recursive: true });
  const { records } = await collector(position).collect();
  assert.deepEqual(
    records.map(({ event }) => event),
    ['baseline_lost'],
  );
});

test('who made a change is told where the audit log knows', async () => {
  const { host, collector, rescan, setWho } = setUp();
  const looking = collector();
  await looking.collect();
  host.write('/etc/hosts', 'two');
  setWho({ timeMs: Date.now(), fields: { User: 'ada', Image: '/usr/bin/vi', ProcessId: 7 } });
  const [record] = (await rescan(looking)).records;
  assert.deepEqual(
    [record?.fields['User'], record?.fields['Image'], record?.fields['who']],
    ['ada', '/usr/bin/vi', 'audit'],
  );
});

test('the kernel tells of a change at once, of files put into a new folder as well, and of one put in place by renaming', async () => {
  const { host, collector } = setUp(watchFolder);
  const looking = collector();
  await looking.collect();
  host.write('/etc/new/deep/file', 'x');
  host.write('/etc/hosts.new', 'three');
  renameSync(host.at('/etc/hosts.new'), host.at('/etc/hosts'));
  const found: string[] = [];
  for (let round = 0; round < 1500 && found.length < 4; round += 1) {
    await delay(20);
    found.push(...names((await looking.collect()).records));
  }
  assert.deepEqual(found.toSorted(), [
    'file_created /etc/new',
    'file_created /etc/new/deep',
    'file_created /etc/new/deep/file',
    'file_modified /etc/hosts',
  ]);
});

test('a folder that cannot be followed is told in the coverage, and the walk still finds what changes', async () => {
  const { host, collector, rescan } = setUp(() => {
    throw Object.assign(new Error('full'), { code: 'ENOSPC' });
  });
  const looking = collector();
  await looking.collect();
  assert.match(looking.coverage().remedy ?? '', /max_user_watches/);
  host.write('/etc/hosts', 'two');
  assert.deepEqual(names((await rescan(looking)).records), ['file_modified /etc/hosts']);
});

test('a change of the sensor’s own files says so, and what only looks like them does not', async () => {
  const { host, collector, rescan } = setUp();
  host.write('/etc/sallyport-sensor/config.json', '{}');
  host.write('/etc/sallyport-sensors', 'x');
  const looking = collector();
  await looking.collect();
  host.write('/etc/sallyport-sensor/config.json', '{"without":["audit"]}');
  host.write('/etc/sallyport-sensors', 'y');
  const { records } = await rescan(looking);
  assert.deepEqual(
    new Map(records.map(({ fields }) => [fields['TargetFilename'], fields['Concerns']])),
    new Map([
      ['/etc/sallyport-sensor/config.json', 'sensor'],
      ['/etc/sallyport-sensors', undefined],
    ]),
  );
});
