import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, renameSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { createManualClock } from '@sallyport/platform/clock';
import type { ChildLines } from '../host/child-lines.ts';
import { createTailFile, endOfLines } from '../host/tail-file.ts';
import { createTemporaryHost } from '../testing/temporary-host.ts';
import { createAuditCollector, endOfEvents } from './audit-log.ts';
import { createAuthLogCollector } from './auth-log.ts';
import { createJournalCollector } from './journal.ts';
import { createSessionLogCollector } from './session-log.ts';

const hosts: { end(): void }[] = [];
after(() => hosts.forEach((host) => host.end()));

function setUp() {
  const host = createTemporaryHost();
  hosts.push(host);
  return { host, clock: createManualClock(Date.parse('2026-11-22T02:00:00Z')) };
}

const path = '/var/log/auth.log';
const failed = (port: number): string =>
  `2026-11-22T01:00:00Z h sshd[9]: Failed password for root from 192.0.2.7 port ${port} ssh2\n`;

test('the auth log is followed from its end, over rotation by renaming, and after a restart from where it was', async () => {
  const { host, clock } = setUp();
  host.write(path, failed(1));
  const needs = { files: host.files, clock, path, zoneMinutes: () => 0 };
  const ports = ({ records }: { records: readonly { fields: Readonly<Record<string, unknown>> }[] }): unknown[] =>
    records.map(({ fields }) => fields['SourcePort']);
  const first = createAuthLogCollector({ ...needs, position: undefined });
  assert.deepEqual((await first.collect()).records, []);
  appendFileSync(host.at(path), failed(2) + failed(3).slice(0, 20));
  const read = await first.collect();
  assert.deepEqual(ports(read), [2]);
  assert.equal(read.records[0]?.event, 'ssh_failed');
  assert.equal(read.records[0]?.timeMs, Date.parse('2026-11-22T01:00:00Z'));
  appendFileSync(host.at(path), failed(3).slice(20));
  renameSync(host.at(path), host.at(`${path}.1`));
  host.write(path, failed(4));
  const second = createAuthLogCollector({ ...needs, position: read.position });
  assert.deepEqual(ports(await second.collect()), [3]);
  assert.deepEqual(ports(await second.collect()), [4]);
});

test('a log that was cut is told, and read from its beginning', async () => {
  const { host, clock } = setUp();
  host.write(path, failed(1) + failed(2));
  const collector = createAuthLogCollector({
    files: host.files,
    clock,
    path,
    zoneMinutes: () => 0,
    position: undefined,
  });
  await collector.collect();
  truncateSync(host.at(path), 0);
  appendFileSync(host.at(path), failed(3));
  const { records } = await collector.collect();
  assert.deepEqual(
    records.map(({ event }) => event),
    ['log_shrunk', 'ssh_failed'],
  );
});

test('however a log is appended to, rotated and the reader stopped, every line is read once and in order', () => {
  const act = fc.constantFrom('append', 'half', 'rotate', 'read', 'restart');
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      const { host } = setUp();
      host.write(path, 'begin\n');
      let position: string | undefined;
      const open = () => createTailFile(host.files, path, { position, maxBytes: 1 << 16, unitEnd: endOfLines });
      let tail = open();
      const seen: string[] = [];
      const written: string[] = [];
      let open0 = false;
      const read = (): boolean => {
        const found = tail.read();
        position = found?.position ?? position;
        const lines = (found?.bytes.toString() ?? '').split('\n').filter((line) => line !== '');
        seen.push(...lines);
        return lines.length > 0;
      };
      const finish = (): void => {
        if (open0) appendFileSync(host.at(path), 'end\n');
        open0 = false;
      };
      read();
      let rotations = 0;
      for (const one of acts) {
        if (one === 'append') {
          finish();
          written.push(`line ${written.length}`);
          appendFileSync(host.at(path), `${written.at(-1) ?? ''}\n`);
        } else if (one === 'half' && !open0) {
          written.push(`half ${written.length} end`);
          appendFileSync(host.at(path), (written.at(-1) ?? '').slice(0, -3));
          open0 = true;
        } else if (one === 'rotate') {
          finish();
          // A reader is there at least once between two rotations.
          while (read());
          renameSync(host.at(path), host.at(`${path}.${(rotations += 1)}`));
          host.write(path, '');
        } else if (one === 'read') read();
        else tail = open();
      }
      finish();
      while (read());
      assert.deepEqual(seen, written);
    }),
    { numRuns: 60 },
  );
});

test('the journal is read from its cursor; a journalctl that ends is told and started again', async () => {
  const { host, clock } = setUp();
  const started: string[][] = [];
  let lines: string[] = [];
  let ended: string | undefined;
  const start = (_command: string, args: readonly string[]): ChildLines => {
    started.push([...args]);
    return { take: () => lines.splice(0), ended: () => ended, close: () => undefined };
  };
  const collector = createJournalCollector({ files: host.files, clock, start, position: 's=1' });
  const entry = {
    __CURSOR: 's=2',
    __REALTIME_TIMESTAMP: '1700000000000000',
    SYSLOG_IDENTIFIER: 'sshd',
    MESSAGE: failed(7).slice(failed(7).indexOf('Failed')).trim(),
    _PID: '9',
  };
  lines = [JSON.stringify(entry), '{broken'];
  const { records, position } = await collector.collect();
  assert.ok(started[0]?.includes('--after-cursor=s=1'));
  assert.deepEqual(
    [records[0]?.event, records[0]?.fields['SourcePort'], records[0]?.timeMs, position],
    ['ssh_failed', 7, 1_700_000_000_000, 's=2'],
  );
  // Whoever may log can write such an entry: it must not look like a journal that is gone.
  assert.equal(collector.problem?.(), undefined);
  ended = 'journalctl ended with 1';
  await collector.collect();
  assert.equal(collector.problem?.(), 'journalctl ended with 1');
  assert.equal(started.length, 1);
  clock.advance(6000);
  ended = undefined;
  await collector.collect();
  assert.ok(started[1]?.includes('--after-cursor=s=2'));
  assert.notEqual(collector.problem?.(), 'journalctl ended with 1');
});

test('what a user writes under the name of sshd is told as made up, and signs nobody in', async () => {
  const { host, clock } = setUp();
  const entry = (fields: Readonly<Record<string, string>>): string =>
    JSON.stringify({
      __CURSOR: 's=3',
      __REALTIME_TIMESTAMP: '1700000000000000',
      SYSLOG_IDENTIFIER: 'sshd',
      SYSLOG_PID: '1',
      MESSAGE: failed(7).slice(failed(7).indexOf('Failed')).trim(),
      ...fields,
    });
  const lines = [
    entry({ _UID: '0', _COMM: 'sshd', _EXE: '/usr/sbin/sshd', _PID: '8' }),
    entry({ _UID: '1000', _COMM: 'logger', _EXE: '/usr/bin/logger', _PID: '9' }),
  ];
  const start = (): ChildLines => ({ take: () => lines.splice(0), ended: () => undefined, close: () => undefined });
  const { records } = await createJournalCollector({ files: host.files, clock, start, position: 's=1' }).collect();
  assert.deepEqual(
    records.map(({ event, fields }) => [
      event,
      fields['program'],
      fields['ClaimedProgram'],
      fields['SourcePort'],
      fields['ProcessId'],
    ]),
    [
      ['ssh_failed', 'sshd', undefined, 7, 1],
      ['claimed_message', 'logger', 'sshd', undefined, 9],
    ],
  );
});

test('sessions come from wtmp and failures from btmp, and a log that shrinks is told', async () => {
  const { host, clock } = setUp();
  const size = process.arch === 'arm64' ? 400 : 384;
  const utmp = (type: number, user: string): Buffer => {
    const record = Buffer.alloc(size);
    record.writeInt16LE(type, 0);
    record.writeInt32LE(77, 4);
    record.write('pts/0', 8);
    record.write(user, 44);
    record.write('192.0.2.9', 76);
    if (size === 400) record.writeBigInt64LE(1_700_000_000n, 344);
    else record.writeUInt32LE(1_700_000_000, 340);
    return record;
  };
  host.write('/var/log/wtmp', utmp(7, 'old'));
  host.write('/var/log/btmp', '');
  const of = (log: 'wtmp' | 'btmp', tellsFailures: boolean) =>
    createSessionLogCollector({ files: host.files, clock, log, tellsFailures, position: undefined });
  const [wtmp, btmp, quiet] = [of('wtmp', true), of('btmp', true), of('btmp', false)];
  for (const collector of [wtmp, btmp, quiet]) assert.deepEqual((await collector.collect()).records, []);
  appendFileSync(
    host.at('/var/log/wtmp'),
    Buffer.concat([utmp(7, 'ada'), utmp(8, ''), utmp(7, 'half').subarray(0, 100)]),
  );
  appendFileSync(host.at('/var/log/btmp'), utmp(6, 'eve'));
  const sessions = (await wtmp.collect()).records;
  assert.deepEqual(
    sessions.map(({ event, fields }) => [event, fields['User'] ?? '']),
    [
      ['session_began', 'ada'],
      ['session_ended', ''],
    ],
  );
  assert.deepEqual(
    (await btmp.collect()).records.map(({ event, fields }) => [event, fields['User']]),
    [['sign_in_failed', 'eve']],
  );
  assert.deepEqual((await quiet.collect()).records, []);
  truncateSync(host.at('/var/log/wtmp'), 0);
  assert.deepEqual(
    (await wtmp.collect()).records.map(({ event }) => event),
    ['log_shrunk'],
  );
});

const execEvent = (serial: number): string =>
  [
    `type=SYSCALL msg=audit(1700000000.123:${serial}): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=${serial} auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=1 comm="sh" exe="/usr/bin/dash" key="sallyport"`,
    `type=EXECVE msg=audit(1700000000.123:${serial}): argc=3 a0="sh" a1="-c" a2="id"`,
    `type=CWD msg=audit(1700000000.123:${serial}): cwd="/etc"`,
    `type=PATH msg=audit(1700000000.123:${serial}): item=0 name="passwd" inode=1 nametype=NORMAL`,
    `type=PROCTITLE msg=audit(1700000000.123:${serial}): proctitle="sh"`,
    '',
  ].join('\n');

test('the audit log tells every process start and who touched a file; switching it off is told', async () => {
  const { host, clock } = setUp();
  host.write('/etc/passwd', 'root:x:0:0::/:/bin/sh\nada:x:1000:1000::/:/bin/sh\n');
  host.write('/var/log/audit/audit.log', '');
  const collector = createAuditCollector({ ...host, clock, position: undefined });
  await collector.collect();
  assert.equal(collector.seesProcesses(), false);
  appendFileSync(
    host.at('/var/log/audit/audit.log'),
    `${execEvent(5)}type=CONFIG_CHANGE msg=audit(1700000001.000:6): op=set audit_enabled=0 res=1\n`,
  );
  const { records } = await collector.collect();
  assert.deepEqual(
    records.map(({ event, lossy }) => [event, lossy]),
    [
      ['process_started', false],
      ['audit_changed', false],
    ],
  );
  const fields = records[0]?.fields ?? {};
  assert.deepEqual(
    [fields['Image'], fields['CommandLine'], fields['User'], fields['LogonUser'], fields['CurrentDirectory']],
    ['/usr/bin/dash', 'sh -c id', 'root', 'ada', '/etc'],
  );
  // Once something was changed, that all starts are told has to show anew.
  assert.equal(collector.seesProcesses(), false);
  appendFileSync(host.at('/var/log/audit/audit.log'), execEvent(7));
  await collector.collect();
  assert.equal(collector.seesProcesses(), true);
  assert.ok(collector.hasTold(Number(fields['ProcessId']), 0));
  assert.equal(collector.whoTouched('/etc/passwd', 0)?.fields['Image'], '/usr/bin/dash');
  assert.equal(collector.whoTouched('/etc/passwd', 1_800_000_000_000), undefined);
});

test('events of the audit log are taken whole, wherever the log was cut off', () => {
  const text = Buffer.from([5, 6, 7].map((serial) => execEvent(serial)).join(''));
  const whole = new Set([0, 1, 2, 3].map((count) => (text.length / 3) * count));
  fc.assert(fc.property(fc.nat(text.length), (length) => whole.has(endOfEvents(text.subarray(0, length)))));
});

test('a pipe or a device in the place of a log is not waited for, and told as a log that cannot be read', async () => {
  const { host, clock } = setUp();
  host.write(path, 'x\n');
  host.write('/var/log/wtmp', '');
  const authLog = createAuthLogCollector({ ...host, clock, path, zoneMinutes: () => 0, position: undefined });
  const wtmp = createSessionLogCollector({ ...host, clock, log: 'wtmp', tellsFailures: false, position: undefined });
  await authLog.collect();
  await wtmp.collect();
  rmSync(host.at(path));
  execFileSync('mkfifo', [host.at(path)]);
  rmSync(host.at('/var/log/wtmp'));
  symlinkSync('/dev/null', host.at('/var/log/wtmp'));
  for (const collector of [authLog, wtmp]) {
    assert.deepEqual((await collector.collect()).records, []);
    assert.match(collector.problem?.() ?? '', /cannot be read/);
    assert.equal(collector.coverage().state, 'none');
  }
});
