import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { createManualClock, systemClock } from '@sallyport/platform/clock';
import { createAccounts } from '../host/accounts.ts';
import { createFileHasher } from '../host/hash-file.ts';
import { createHostFiles } from '../host/host-files.ts';
import { joinArguments, parseProcStat } from '../host/proc-processes.ts';
import { createTemporaryHost } from '../testing/temporary-host.ts';
import { createProcessCollector, startedSince } from './processes.ts';

const hosts: { end(): void }[] = [];
after(() => hosts.forEach((host) => host.end()));

function setUp() {
  const host = createTemporaryHost();
  hosts.push(host);
  const clock = createManualClock(1_700_000_100_000);
  host.write('/proc/sys/kernel/random/boot_id', 'boot-1\n');
  host.write('/proc/stat', 'cpu 1 2 3\nbtime 1700000000\n');
  host.write('/etc/passwd', 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/bash\n');
  host.write('/usr/bin/tool', 'program');
  host.process({ id: 1, name: 'init', arguments: ['/sbin/init'], image: '/sbin/init' });
  let elsewhere = false;
  const toldElsewhere = new Set<number>();
  const collector = (position?: string) =>
    createProcessCollector({
      ...host,
      clock,
      position,
      other: { isOn: () => elsewhere, hasTold: (processId) => toldElsewhere.has(processId) },
    });
  return { host, clock, collector, toldElsewhere, seenElsewhere: (value: boolean) => (elsewhere = value) };
}

test('a process that begins is told with parent, user, command line and hash, marked lossy', async () => {
  const { host, collector } = setUp();
  const looking = collector();
  assert.deepEqual((await looking.collect()).records, []);
  host.process({
    id: 50,
    parent: 1,
    name: 'tool',
    arguments: ['tool', '-x', 'a b'],
    image: '/usr/bin/tool',
    user: 1000,
  });
  const { records } = await looking.collect();
  assert.equal(records.length, 1);
  const [record] = records;
  assert.ok(record !== undefined);
  assert.equal(record.lossy, true);
  assert.equal(record.timeMs, 1_700_000_005_000);
  const { Hashes, CommandLine, ParentImage, ParentCommandLine, User, Image, ProcessId, ParentProcessId } =
    record.fields;
  assert.deepEqual([Image, CommandLine, User, ProcessId], ['/usr/bin/tool', "tool -x 'a b'", 'ada', 50]);
  assert.deepEqual([ParentProcessId, ParentImage, ParentCommandLine], [1, '/sbin/init', '/sbin/init']);
  assert.equal(Hashes, `SHA256=${createHash('sha256').update('program').digest('hex')}`);
  assert.deepEqual((await looking.collect()).records, []);
});

test('an id that is used again is another process, and kernel threads are none', async () => {
  const { host, clock, collector } = setUp();
  const looking = collector();
  await looking.collect();
  host.process({ id: 60, name: 'one', start: 100 });
  host.process({ id: 61, parent: 2, name: 'kworker' });
  assert.deepEqual(
    (await looking.collect()).records.map(({ fields }) => fields['ProcessName']),
    ['one'],
  );
  host.endProcess(60);
  host.process({ id: 60, name: 'two', start: 900 });
  clock.advance(16_000);
  assert.deepEqual(
    (await looking.collect()).records.map(({ fields }) => fields['ProcessName']),
    ['two'],
  );
});

test('after a restart only what began since the last look is told; after a boot everything is', async () => {
  const { host, collector } = setUp();
  const first = collector();
  await first.collect();
  host.process({ id: 70, name: 'before', start: 500 });
  const { position } = await first.collect();
  host.process({ id: 71, name: 'meanwhile', start: 600 });
  const second = await collector(position).collect();
  assert.deepEqual(
    second.records.map(({ fields }) => fields['ProcessName']),
    ['meanwhile'],
  );
  host.write('/proc/sys/kernel/random/boot_id', 'boot-2\n');
  assert.equal((await collector(position).collect()).records.length, 3);
});

test('while the audit log tells of processes only those are told that it leaves out, and then so much is said', async () => {
  const { host, clock, collector, toldElsewhere, seenElsewhere } = setUp();
  const looking = collector();
  await looking.collect();
  seenElsewhere(true);
  for (const id of [80, 81, 82]) host.process({ id, name: 'tool', image: '/usr/bin/tool' });
  toldElsewhere.add(80);
  assert.deepEqual((await looking.collect()).records, []);
  assert.equal(looking.coverage().state, 'full');
  // Its log comes a little later than the process.
  toldElsewhere.add(81);
  clock.advance(3000);
  const { records } = await looking.collect();
  assert.deepEqual(
    records.map(({ fields, lossy }) => [fields['ProcessId'], lossy]),
    [[82, true]],
  );
  assert.equal(looking.coverage().state, 'partial');
  assert.match(looking.coverage().remedy ?? '', /execve,execveat/);
  seenElsewhere(false);
  assert.match(looking.coverage().remedy ?? '', /apt install auditd/);
});

test('a process that becomes another program is told again, one that only renames itself is not', async () => {
  const { host, clock, collector } = setUp();
  const looking = collector();
  await looking.collect();
  host.process({ id: 90, name: 'sh', image: '/bin/sh' });
  host.process({ id: 91, name: 'worker', image: '/usr/bin/tool' });
  assert.equal((await looking.collect()).records.length, 2);
  host.endProcess(90);
  host.endProcess(91);
  host.process({ id: 90, name: 'quiet', image: '/memfd:quiet (deleted)' });
  host.process({ id: 91, name: 'worker: idle', image: '/usr/bin/tool' });
  clock.advance(15_000);
  const { records } = await looking.collect();
  assert.deepEqual(
    records.map(({ fields }) => [fields['ProcessId'], fields['Image'], fields['ImageFile'], fields['StartedBy']]),
    [[90, '/memfd:quiet', 'memory', 'exec']],
  );
});

test('more starts at once than are looked at are counted', async () => {
  const { host, collector } = setUp();
  const looking = collector();
  await looking.collect();
  for (let id = 1000; id < 1503; id += 1) host.process({ id, name: 'flood' });
  const { records } = await looking.collect();
  assert.deepEqual(
    [records.length, records.at(-1)?.event, records.at(-1)?.fields['count']],
    [501, 'processes_untold', 3],
  );
});

test('a real process is seen with the hash of its executable', async () => {
  const files = createHostFiles();
  const looking = createProcessCollector({
    files,
    accounts: createAccounts(files),
    hasher: createFileHasher(),
    clock: systemClock,
    position: undefined,
    other: { isOn: () => false, hasTold: () => false },
  });
  await looking.collect();
  const child = spawn('/bin/sleep', ['31.4159']);
  try {
    await once(child, 'spawn');
    const { records } = await looking.collect();
    const found = records.find(({ fields }) => fields['ProcessId'] === child.pid);
    assert.ok(found !== undefined);
    assert.equal(found.fields['ParentProcessId'], process.pid);
    assert.match(String(found.fields['CommandLine']), /sleep 31\.4159/);
    const image = String(found.fields['Image']);
    assert.equal(found.fields['sha256'], createHash('sha256').update(readFileSync(image)).digest('hex'));
  } finally {
    child.kill('SIGKILL');
  }
});

test('a name that imitates the fields behind it does not', () => {
  const zeros = Array.from({ length: 16 }, () => 0).join(' ');
  assert.deepEqual(parseProcStat(`42 (a) S 1 ) ) S 7 ${zeros} 0 1234 0`), {
    name: 'a) S 1 ) ',
    parentId: 7,
    startTicks: 1234,
  });
  fc.assert(fc.property(fc.string(), (text) => typeof parseProcStat(text) !== 'string'));
});

test('arguments are quoted so that they can be told apart again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 4 }),
      (one, other) => {
        if (joinArguments(one) === joinArguments(other)) assert.deepEqual(one, other);
      },
    ),
  );
});

test('between two looks every id is started at most once, and nothing that stayed is', () => {
  const snapshot = fc.dictionary(fc.integer({ min: 1, max: 20 }).map(String), fc.integer({ min: 1, max: 5 }));
  fc.assert(
    fc.property(snapshot, snapshot, fc.boolean(), (before, after, mayBeReused) => {
      const known = new Map(Object.entries(before).map(([id, start]) => [Number(id), start]));
      const { started, now } = startedSince(
        known,
        Object.keys(after).map(Number),
        (id) => after[String(id)],
        mayBeReused,
      );
      assert.equal(new Set(started).size, started.length);
      for (const id of started) assert.notEqual(known.get(id), now.get(id));
      if (mayBeReused)
        for (const [id, start] of Object.entries(after))
          assert.equal(started.includes(Number(id)), known.get(Number(id)) !== start);
    }),
  );
});
