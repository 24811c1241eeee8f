import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import type { HostFiles } from '../host/host-files.ts';
import type { WatchFolder } from '../host/watch-folder.ts';
import { createTemporaryHost } from '../testing/temporary-host.ts';
import type { SensorRecord } from '../record.ts';
import { createFileIntegrityCollector } from './file-integrity.ts';
import { createNamedChanges } from './named-changes.ts';

const ends: (() => void)[] = [];
after(() => ends.forEach((end) => end()));

/** Whoever may write below `/home/eve/.ssh` tries to keep the rest of the host from being looked at. */
function setUp(change: (files: HostFiles) => HostFiles = (files) => files) {
  const host = createTemporaryHost();
  ends.push(() => host.end());
  const clock = createManualClock(Date.now());
  const tell = new Map<string, (name: string | undefined) => void>();
  const watch: WatchFolder = (path, onChange) => {
    tell.set(path, onChange);
    return () => undefined;
  };
  mkdirSync(host.at('/home/eve/.ssh'), { recursive: true });
  host.write('/usr/local/bin/tool', 'one');
  const collector = createFileIntegrityCollector({
    ...host,
    files: change(host.files),
    clock,
    watch,
    baselines: host.baselines('files'),
    paths: ['/home/*/.ssh', '/usr/local/bin'],
    excluded: [],
    position: undefined,
    whoTouched: () => undefined,
  });
  const collect = async (): Promise<readonly SensorRecord[]> => {
    clock.advance(1000);
    return (await collector.collect()).records;
  };
  const collectUntil = async (isDone: (all: readonly SensorRecord[]) => boolean): Promise<number[]> => {
    const all: SensorRecord[] = [];
    const sizes: number[] = [];
    for (let turn = 0; turn < 1200 && !isDone(all); turn += 1) {
      const records = await collect();
      sizes.push(records.length);
      all.push(...records);
    }
    assert.ok(isDone(all), `${String(all.length)} records came`);
    return sizes;
  };
  return { host, clock, tell, collector, collect, collectUntil };
}

const isOf = (path: string) => (all: readonly SensorRecord[]) =>
  all.some(({ fields }) => fields['TargetFilename'] === path);
const hasMade = (all: readonly SensorRecord[]): boolean => all.some(({ event }) => event === 'baseline_made');

test('a folder that is filled keeps the walk from no other, and what is left out is told', async () => {
  const { host, collector, collectUntil, clock } = setUp();
  for (let count = 0; count < 10_500; count += 1) writeFileSync(host.at(`/home/eve/.ssh/${String(count)}`), '');
  await collectUntil(hasMade);
  assert.match(collector.coverage().misses, /beyond 10000 under \/home\/eve\/\.ssh/);
  host.write('/usr/local/bin/tool', 'three');
  clock.advance(16 * 60_000);
  await collectUntil(isOf('/usr/local/bin/tool'));
});

test('a full folder that is moved in, or removed, is told by and by', async () => {
  const { host, tell, collectUntil, clock } = setUp();
  await collectUntil(hasMade);
  for (let count = 0; count < 3000; count += 1) host.write(`/elsewhere/${String(count)}`, 'x');
  renameSync(host.at('/elsewhere'), host.at('/home/eve/.ssh/full'));
  tell.get(host.at('/home/eve/.ssh'))?.('full');
  const moved = await collectUntil((all) => all.length >= 3001);
  assert.ok(Math.max(...moved) <= 1200, String(Math.max(...moved)));
  rmSync(host.at('/home/eve/.ssh/full'), { recursive: true });
  clock.advance(16 * 60_000);
  const removed = await collectUntil((all) => all.length >= 3001);
  assert.ok(Math.max(...removed) <= 1200, String(Math.max(...removed)));
});

test('long files that cost nothing to make do not hold up what is short', async () => {
  const { host, tell, collect, collectUntil } = setUp();
  await collectUntil(hasMade);
  for (let count = 0; count < 12; count += 1) {
    host.write(`/home/eve/.ssh/${String(count)}`, '');
    truncateSync(host.at(`/home/eve/.ssh/${String(count)}`), 24 << 20);
    tell.get(host.at('/home/eve/.ssh'))?.(String(count));
  }
  host.write('/usr/local/bin/new', 'evil');
  tell.get(host.at('/usr/local/bin'))?.('new');
  const first = await collect();
  assert.ok(isOf('/usr/local/bin/new')(first));
  assert.ok(first.filter(({ fields }) => fields['Size'] === 24 << 20).length <= 1);
  await collectUntil((all) => all.filter(({ fields }) => fields['Size'] === 24 << 20).length >= 11);
});

test('a change within the same tick of the clock, of the same length, is found', async () => {
  let changedMs = Date.now();
  const { host, tell, collect, collectUntil } = setUp((files) => ({
    ...files,
    facts(path) {
      const facts = files.facts(path);
      return facts === undefined ? undefined : { ...facts, modifiedMs: changedMs, changedMs };
    },
  }));
  changedMs += 60_000;
  await collectUntil(hasMade);
  host.write('/usr/local/bin/tool', 'two');
  tell.get(host.at('/usr/local/bin'))?.('tool');
  assert.ok(isOf('/usr/local/bin/tool')(await collect()));
});

test('however many names the kernel tells, few wait, other folders have room, and what was left out is known', () => {
  const named = createNamedChanges();
  for (let count = 0; count < 200_000; count += 1) named.add('/home/eve/.ssh', `/home/eve/.ssh/${String(count)}`);
  named.add('/etc', '/etc/passwd');
  assert.ok(named.takeOverflow() && !named.takeOverflow());
  const taken = named.take(1_000_000);
  assert.equal(taken.length, 501);
  assert.equal(taken.at(-1), '/etc/passwd');
  for (let folder = 0; folder < 100; folder += 1)
    for (let count = 0; count < 400; count += 1) named.add(String(folder), `${String(folder)}/${String(count)}`);
  assert.equal(named.take(1_000_000).length, 10_000);
});
