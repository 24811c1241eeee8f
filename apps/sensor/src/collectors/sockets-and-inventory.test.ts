import assert from 'node:assert/strict';
import { once } from 'node:events';
import { symlinkSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { createManualClock, systemClock } from '@sallyport/platform/clock';
import { createAccounts } from '../host/accounts.ts';
import { createHostFiles } from '../host/host-files.ts';
import { parseDpkgStatus, parseGroup, parseModules, parseMountInfo, parsePasswd } from '../host/inventory.ts';
import { parseSocketTable } from '../host/proc-sockets.ts';
import type { SenderStatus } from '../send/sender.ts';
import { createTemporaryHost } from '../testing/temporary-host.ts';
import { createClockCollector } from './clock-state.ts';
import { createInventoryCollector } from './inventory.ts';
import { createSocketCollector } from './sockets.ts';

const hosts: { end(): void }[] = [];
after(() => hosts.forEach((host) => host.end()));

const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (local: string, remote: string, state: string, inode: number, user = 0): string =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${user} 0 ${inode} 1 0 100 0 0 10 0\n`;

test('addresses and ports of /proc/net are read, also of IPv6 and mapped IPv4', () => {
  const [four, six, mapped] = parseSocketTable(
    header +
      line('0100007F:1F90', '00000000:0000', '0A', 7) +
      line(
        'B80D01200000000000000000_1000000:01BB'.replace('_', '0'),
        '00000000000000000000000000000000:0000',
        '0A',
        8,
      ) +
      line('0000000000000000FFFF00000100000A:0016', '0000000000000000FFFF0000070200C0:C350', '01', 9),
    'tcp',
  );
  assert.deepEqual([four?.localIp, four?.localPort, four?.state], ['127.0.0.1', 8080, 'listening']);
  assert.deepEqual([six?.localIp, six?.localPort], ['2001:db8::1', 443]);
  assert.deepEqual(
    [mapped?.localIp, mapped?.remoteIp, mapped?.remotePort, mapped?.state],
    ['10.0.0.1', '192.0.2.7', 50_000, 'connected'],
  );
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseSocketTable(text, 'udp'))));
});

test('listeners and connections are told with direction, owner and command; those within the host are not', async () => {
  const host = createTemporaryHost();
  hosts.push(host);
  const clock = createManualClock(0);
  host.write('/etc/passwd', 'ada:x:1000:1000::/:/bin/sh\n');
  host.process({ id: 50, name: 'nc', arguments: ['nc', '-l'], image: '/usr/bin/nc' });
  mkdirSync(host.at('/proc/50/fd'));
  symlinkSync('socket:[7]', host.at('/proc/50/fd/3'));
  symlinkSync('socket:[9]', host.at('/proc/50/fd/4'));
  host.write('/proc/net/tcp', header);
  const collector = createSocketCollector({ ...host, clock });
  await collector.collect();
  host.write(
    '/proc/net/tcp',
    header +
      line('00000000:115C', '00000000:0000', '0A', 7, 1000) +
      line('0100000A:C350', '070200C0:01BB', '01', 9, 1000) +
      line('0100000A:115C', '080200C0:9C40', '01', 10, 1000) +
      line('0100007F:C351', '0100007F:115C', '01', 11),
  );
  const { records } = await collector.collect();
  assert.deepEqual(
    records.map(({ event, fields }) => [
      event,
      fields['Initiated'],
      fields['DestinationIp'] ?? fields['ListenIp'],
      fields['DestinationPort'] ?? fields['ListenPort'],
      fields['Image'],
      fields['User'],
    ]),
    [
      ['listener_opened', undefined, '0.0.0.0', 4444, '/usr/bin/nc', 'ada'],
      ['connection_opened', 'true', '192.0.2.7', 443, '/usr/bin/nc', 'ada'],
      ['connection_opened', 'false', '10.0.0.1', 4444, undefined, 'ada'],
    ],
  );
  host.write('/proc/net/tcp', header);
  assert.deepEqual(
    (await collector.collect()).records.map(({ event }) => event),
    ['listener_closed'],
  );
});

test('a real port that is opened is seen with this process as its owner', async () => {
  const files = createHostFiles();
  const collector = createSocketCollector({ files, accounts: createAccounts(files), clock: systemClock });
  await collector.collect();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { records } = await collector.collect();
    assert.equal(records.find(({ fields }) => fields['ListenPort'] === port)?.fields['ProcessId'], process.pid);
  } finally {
    server.close();
  }
});

test('what comes, goes and changes of accounts, packages, modules, jobs and mounts is told, also after a restart, once', async () => {
  const host = createTemporaryHost();
  hosts.push(host);
  const clock = createManualClock(0);
  const passwd = 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/bash\n';
  const dpkg = (version: string): string =>
    `Package: nmap\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n`;
  host.write('/etc/passwd', passwd);
  host.write('/etc/group', 'sudo:x:27:ada\n');
  host.write('/etc/sudoers', '# rules\nroot ALL=(ALL) ALL\n');
  host.write('/var/lib/dpkg/status', dpkg('7'));
  host.write('/proc/modules', 'ext4 1 1 - Live 0x0\n');
  host.write('/proc/self/mountinfo', '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n');
  const make = (position?: string) =>
    createInventoryCollector({ files: host.files, clock, baselines: host.baselines('inventory'), position });
  const first = await make().collect();
  assert.deepEqual(first.records, []);
  host.write('/etc/passwd', `${passwd.replace('/bin/bash', '/bin/zsh')}eve:x:0:0::/:/bin/sh\n`);
  host.write('/etc/group', 'sudo:x:27:ada,eve\n');
  host.write('/etc/sudoers.d/eve', 'eve ALL=(ALL) NOPASSWD: ALL\n');
  host.write('/var/lib/dpkg/status', dpkg('8'));
  host.write('/proc/modules', 'ext4 1 1 - Live 0x0\nevil 1 0 - Live 0x0 (OE)\n');
  host.write('/etc/cron.d/evil', '* * * * * root /tmp/x\n');
  host.write('/proc/self/mountinfo', '');
  const second = await make(first.position).collect();
  const again = await make(first.position).collect();
  assert.deepEqual(second.records, again.records);
  assert.deepEqual(
    second.records.map(({ event, fields }) => [
      event,
      fields['User'] ??
        fields['Group'] ??
        fields['Package'] ??
        fields['Module'] ??
        fields['CommandLine'] ??
        fields['MountPoint'],
    ]),
    [
      ['user_changed', 'ada'],
      ['user_created', 'eve'],
      ['group_changed', 'sudo'],
      ['sudo_rule_added', 'eve ALL=(ALL) NOPASSWD: ALL'],
      ['package_updated', 'nmap'],
      ['kernel_module_loaded', 'evil'],
      ['scheduled_job_created', '* * * * * root /tmp/x'],
      ['mount_removed', '/'],
    ],
  );
  assert.equal(second.records.find(({ event }) => event === 'package_updated')?.fields['PreviousVersion'], '7');
});

test('whatever the files hold, reading them gives items', () => {
  for (const parse of [parsePasswd, parseGroup, parseDpkgStatus, parseModules, parseMountInfo])
    fc.assert(fc.property(fc.string(), (text) => parse(text) instanceof Map));
});

test('the clock: what keeps it, its distance from the server, and that it jumped', async () => {
  const host = createTemporaryHost();
  hosts.push(host);
  const clock = createManualClock(1_000_000);
  const sender = {
    state: 'sending' as const,
    failures: 0,
    lastAnswerMs: 1,
    lastError: undefined,
    clockOffsetMs: 120,
    clockUncertaintyMs: 510,
  };
  let show = 'NTPSynchronized=yes\n';
  const run = async (command: string, args: readonly string[]): Promise<string | undefined> =>
    command === 'timedatectl' && args[0] === 'show' ? show : undefined;
  const collector = createClockCollector({ files: host.files, clock, run, sender: (): SenderStatus => sender });
  const [state] = (await collector.collect()).records;
  assert.deepEqual(
    [state?.event, state?.fields['synchronised'], state?.fields['server_offset_ms']],
    ['clock_state', 'yes', 120],
  );
  clock.advance(1000);
  assert.deepEqual((await collector.collect()).records, []);
  clock.setWall(clock.nowMs() - 3_600_000);
  assert.deepEqual(
    (await collector.collect()).records.map(({ event, fields }) => [event, fields['stepped_ms'] ?? '']),
    [
      ['clock_stepped', -3_600_000],
      ['clock_state', ''],
    ],
  );
  const minutes = async (count: number): Promise<string[]> => {
    const told: string[] = [];
    for (let minute = 0; minute < count; minute += 1) {
      clock.advance(60_000);
      for (const { event } of (await collector.collect()).records) if (event !== 'clock_state') told.push(event);
    }
    return told;
  };
  show = 'NTPSynchronized=no\n';
  assert.deepEqual([await minutes(3), await minutes(10)], [[], ['clock_unsynchronised']]);
  show = 'NTPSynchronized=yes\n';
  assert.deepEqual(await minutes(10), ['clock_right']);
  // Within what the way may take, an offset says nothing; past it, it does.
  sender.clockOffsetMs = 1400;
  assert.deepEqual(await minutes(10), []);
  sender.clockOffsetMs = -1600;
  assert.deepEqual(await minutes(10), ['clock_off']);
});
