// Real daemons and tools of Debian on a host of their own, and the real sensor among them: what it tells the real server is
// compared with what these tools say themselves. Over 300 lines because such a host and server take long to start: all share one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { freePort } from '@sallyport/testing/free-port';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import { createPrivateHost, seenInside, whyNoPrivateHost } from './testing/private-host.ts';
import type { PrivateHost, RunningDaemon } from './testing/private-host.ts';

const skip = whyNoPrivateHost();
const directory = mkdtempSync(join(seenInside, 'sensor-on-host-'));
const server = createServerUnderTest();
let host: PrivateHost;
let sensor: RunningDaemon | undefined;
let sshd: RunningDaemon;
let journald: RunningDaemon;
const watched = join(directory, 'watched');
const hashed = join(directory, 'hashed');
const auditedUser = '61234';
const [sshPort, ntpPort] = [await freePort(), await freePort()];

/** Waits until `look` finds something; what the sensor said is shown when it never does. */
async function until<Found>(what: string, look: () => Promise<Found | undefined> | Found | undefined): Promise<Found> {
  const endMs = performance.now() + 150_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(`Waited in vain: ${what}\n${sensor?.output() ?? ''}`);
    await delay(250);
  }
}

/** Records of the sensor on the server whose event is this one. */
async function told(event: string): Promise<JsonObject[]> {
  const answer = await server.ask({ path: `/v1/events?limit=1000&q=${encodeURIComponent(`"${event}"`)}` });
  assert.equal(answer.status, 200, answer.text);
  const page = parseJson(answer.text);
  const events: readonly unknown[] = isJsonObject(page) && Array.isArray(page['events']) ? page['events'] : [];
  return events.flatMap((one) => {
    const body = isJsonObject(one) && isJsonObject(one['event']) ? one['event'] : {};
    const raw = textOf(body['raw_data']);
    const record = raw.startsWith('{') ? parseJson(raw) : null;
    return isJsonObject(record) && record['event'] === event ? [record] : [];
  });
}

async function toldWith(event: string, matches: (record: JsonObject) => boolean): Promise<JsonObject> {
  return until(event, async () => (await told(event)).find(matches));
}

function collectorOf(record: JsonObject): unknown {
  return isJsonObject(record['sensor']) ? record['sensor']['collector'] : undefined;
}

before(async () => {
  if (skip !== false) return;
  host = await createPrivateHost();
  // Before the sensor, which looks at the clock at its start and then once a minute.
  startChrony();
  await server.start();
  mkdirSync(watched);
  mkdirSync(hashed);
  writeFileSync(join(directory, 'key'), `${server.keys().operator}\n`, { mode: 0o600 });

  host.run('mkdir', '-p', '/run/systemd/journal', '/run/sshd', '/var/log/audit', '/var/log/journal');
  host.run('bash', '-c', 'mkdir -p "/var/log/journal/$(cat /etc/machine-id)"');
  for (const log of ['wtmp', 'btmp', 'lastlog'])
    host.run('install', '-m', '0660', '-g', 'utmp', '/dev/null', `/var/log/${log}`);
  host.run('chmod', '0660', '/var/log/btmp');
  host.run('install', '-m', '0664', '-g', 'utmp', '/dev/null', '/run/utmp');
  journald = host.start('/lib/systemd/systemd-journald');
  await until('the journal', () =>
    host.tryRun('test', '-S', '/run/systemd/journal/dev-log').status === 0 ? true : undefined,
  );
  host.run('ln', '-s', '/run/systemd/journal/dev-log', '/dev/log');
  host.run('journalctl', '--flush');
  host.run('useradd', '--create-home', '--shell', '/bin/bash', 'kim');
  host.run('bash', '-c', 'echo kim:right-one | chpasswd');
  host.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/etc/ssh/key-of-host');
  host.write(
    '/etc/ssh/test-config',
    `Port ${sshPort}\nListenAddress 127.0.0.1\nHostKey /etc/ssh/key-of-host\nPidFile none\nUsePAM no\nPasswordAuthentication yes\n`,
  );
  sshd = host.start('/usr/sbin/sshd', '-D', '-f', '/etc/ssh/test-config');

  const run = [
    'run',
    `--server=${server.address()}`,
    `--key-file=${join(directory, 'key')}`,
    `--state=${join(directory, 'state')}`,
    '--host=real-host',
    `--paths=${watched}`,
    `--hash-list=${hashed}`,
  ];
  await until('chronyc', () => (chronyTracking() === undefined ? undefined : true));
  sensor = host.start(process.execPath, join(import.meta.dirname, 'main.ts'), ...run);
  await toldWith('baseline_made', () => true);
});
after(async () => {
  if (skip !== false) return;
  try {
    await host.end();
  } finally {
    // The kernel's recording is of the whole machine.
    spawnSync('auditctl', ['-e', '0']);
    await server.end();
    rmSync(directory, { recursive: true });
  }
});

test(
  'sign-ins at a real sshd, through a real journald: the refused and the good one, as last and lastb know them',
  { skip, timeout: 600_000 },
  async () => {
    const signIn = (password: string) =>
      host.tryRun(
        'sshpass',
        '-p',
        password,
        'ssh',
        '-tt',
        '-p',
        String(sshPort),
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'UserKnownHostsFile=/dev/null',
        '-o',
        'NumberOfPasswordPrompts=1',
        'kim@127.0.0.1',
        'true',
      );
    const refused = signIn('wrong-one');
    assert.notEqual(refused.status, 0, refused.stderr + sshd.output());
    const accepted = signIn('right-one');
    assert.equal(accepted.status, 0, accepted.stderr + sshd.output());
    const failed = await toldWith('ssh_failed', ({ User }) => User === 'kim');
    assert.deepEqual([failed['SourceIp'], collectorOf(failed)], ['127.0.0.1', 'journal']);
    await toldWith('ssh_accepted', ({ User }) => User === 'kim');
    const began = await toldWith('session_began', ({ program }) => program === 'wtmp');
    const last =
      host.run('last', '--file', '/var/log/wtmp', '--time-format', 'iso', '--ip', 'kim').split('\n')[0]?.split(/\s+/) ??
      [];
    assert.deepEqual([began['User'], began['Terminal'], began['SourceIp']], [last[0], last[1], last[2]]);
    assert.equal(Math.floor(Date.parse(textOf(began['time'])) / 1000), Date.parse(last[3] ?? '') / 1000);
    const lastFailed =
      host.run('lastb', '--file', '/var/log/btmp', '--time-format', 'iso', '--ip').split('\n')[0] ?? '';
    assert.match(lastFailed, /^kim +ssh:notty +127\.0\.0\.1 /);
  },
);

// At the same time: the sensor looks at all of it together, every ten seconds.
test(
  'what useradd, usermod, groupadd, passwd, userdel, dpkg, crontab, systemd and mount do is told as they say it and as the files show it',
  { skip, timeout: 600_000 },
  async () => {
    await until('the inventory', async () =>
      (await told('sensor.coverage')).some(({ covers }) => covers === 'inventory') ? true : undefined,
    );
    await Promise.all([accountsChange(), packageComesAndGoes(), jobsAndMountsCome()]);
  },
);

async function accountsChange(): Promise<void> {
  host.run('groupadd', 'made-up-group');
  host.run('useradd', '--uid', '0', '--non-unique', '--shell', '/bin/bash', '--no-create-home', 'shadow-root');
  const [name, , userId] = host.run('getent', 'passwd', 'shadow-root').split(':');
  const created = await toldWith(
    'user_created',
    ({ User, sensor: told }) => User === name && isJsonObject(told) && told['collector'] === 'inventory',
  );
  assert.equal(created['UserId'], userId);
  await toldWith('user_added', (record) => record['User'] === name && collectorOf(record) === 'journal');
  await toldWith('group_created', ({ Group }) => Group === 'made-up-group');
  host.run('usermod', '--append', '--groups', 'made-up-group', 'kim');
  await toldWith('group_changed', ({ Group, Members }) => Group === 'made-up-group' && Members === 'kim');
  // By its number it is in use.
  host.run('userdel', '--force', 'shadow-root');
  await toldWith('user_deleted', ({ User }) => User === name);
}

/** With the version dpkg knows. */
async function packageComesAndGoes(): Promise<void> {
  const tree = '/root/made-up';
  host.write(
    `${tree}/DEBIAN/control`,
    'Package: made-up-tool\nVersion: 1.2-3\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: nothing\n',
  );
  host.write(`${tree}/var/lib/made-up/file`, 'content\n');
  host.run('dpkg-deb', '--build', tree, '/root/made-up.deb');
  host.run('dpkg', '--install', '/root/made-up.deb');
  const installed = await toldWith('package_installed', ({ Package }) => Package === 'made-up-tool');
  assert.equal(installed['Version'], host.run('dpkg-query', '--show', '--showformat=${Version}', 'made-up-tool'));
  host.run('dpkg', '--purge', 'made-up-tool');
  await toldWith('package_removed', ({ Package }) => Package === 'made-up-tool');
}

async function jobsAndMountsCome(): Promise<void> {
  host.write('/root/jobs', '*/5 * * * * /usr/bin/made-up-job --now\n');
  host.run('crontab', '-u', 'kim', '/root/jobs');
  host.write('/etc/systemd/system/made-up.timer', '[Timer]\nOnCalendar=hourly\n[Install]\nWantedBy=timers.target\n');
  host.run('mkdir', '-p', '/var/made-up-mount');
  host.run('mount', '-t', 'tmpfs', 'tmpfs', '/var/made-up-mount');
  await toldWith(
    'scheduled_job_created',
    ({ CommandLine, TargetFilename }) =>
      textOf(CommandLine).includes('made-up-job') && textOf(TargetFilename).endsWith('/kim'),
  );
  await toldWith('scheduled_job_created', ({ Job }) => Job === 'made-up.timer');
  const mounted = await toldWith('mount_added', ({ MountPoint }) => MountPoint === '/var/made-up-mount');
  assert.equal(
    mounted['FileSystem'],
    host.run('findmnt', '--noheadings', '--output', 'FSTYPE', '/var/made-up-mount').trim(),
  );
}

test(
  'programs that hide: one that removed its file, and one that never had any, are told with the hash of what runs',
  { skip, timeout: 600_000 },
  async () => {
    host.run('cp', '/bin/sleep', '/root/vanishing');
    const digest = host.run('sha256sum', '/bin/sleep').split(' ')[0];
    const vanishing = host.start('/root/vanishing', '77.001');
    await until('it runs', () =>
      host.tryRun('readlink', `/proc/${vanishing.pid}/exe`).stdout.includes('vanishing') ? true : undefined,
    );
    host.run('rm', '/root/vanishing');
    const gone = await toldWith('process_started', ({ CommandLine }) =>
      textOf(CommandLine).endsWith('vanishing 77.001'),
    );
    assert.equal(gone['sha256'], digest);
    const inMemory = host.start(
      'python3',
      '-c',
      [
        'import os, sys',
        'fd = os.memfd_create("made-up")',
        'os.write(fd, open("/bin/sleep", "rb").read())',
        'os.execve(fd, ["quiet", "77.002"], {})',
      ].join('\n'),
    );
    const hidden = await toldWith(
      'process_started',
      ({ ProcessId, ImageFile }) => ProcessId === inMemory.pid && ImageFile === 'memory',
    );
    assert.deepEqual(
      [hidden['Image'], hidden['sha256'], hidden['CommandLine']],
      ['/memfd:made-up', digest, 'quiet 77.002'],
    );
    await vanishing.stop('SIGKILL');
    await inMemory.stop('SIGKILL');
  },
);

test(
  'a listed hash that is written, and one that is started, are told and become alerts',
  { skip, timeout: 600_000 },
  async () => {
    const content = ['made', 'up', String(process.pid)].join('-');
    host.run('cp', '/bin/sleep', '/root/listed');
    host.run('bash', '-c', 'printf x >> /root/listed');
    writeFileSync(
      join(hashed, 'list'),
      `${host.run('sha256sum', '/root/listed')}${host.run('bash', '-c', `printf ${content} | md5sum`)}`,
    );
    await until('the list is read', async () =>
      (await told('sensor.coverage')).some(({ sees }) => textOf(sees).includes('among 2 listed hashes'))
        ? true
        : undefined,
    );
    writeFileSync(join(watched, 'written'), content);
    const listed = host.start('/root/listed', '77.003');
    const written = await toldWith('hash_matched', ({ TargetFilename }) => TargetFilename === join(watched, 'written'));
    assert.deepEqual([written['trigger'], written['Algorithm']], ['file_changed', 'md5']);
    const started = await toldWith('hash_matched', ({ ProcessId }) => ProcessId === listed.pid);
    assert.deepEqual([started['trigger'], started['CommandLine']], ['process_started', '/root/listed 77.003']);
    await until('the alert', async () =>
      (await server.ask({ path: '/v1/alerts?limit=100' })).text.includes('Listed Hash on a Host') ? true : undefined,
    );
    await listed.stop('SIGKILL');
  },
);

test(
  'a real auditd: a program that is over at once, who wrote a file, and that the rules were taken away, as ausearch tells it',
  { skip, timeout: 600_000 },
  async () => {
    host.write('/etc/audit/auditd.conf', auditConfiguration);
    host.run('chmod', '0640', '/etc/audit/auditd.conf');
    const daemon = host.start('/sbin/auditd', '-n');
    await until('auditd', () => (/^pid [1-9]/m.test(host.tryRun('auditctl', '-s').stdout) ? true : undefined));
    const rules = [
      ['always,exit', '-F', 'arch=b64', '-S', 'execve,execveat', '-F', `uid=${auditedUser}`, '-k', 'made-up-exec'],
      ['always,exit', '-F', `dir=${watched}`, '-F', 'perm=wa', '-k', 'made-up-files'],
    ];
    tryRemedies();
    try {
      try {
        for (const rule of rules) host.run('auditctl', '-a', ...rule);
        host.run('setpriv', '--reuid', auditedUser, '--clear-groups', '/bin/true', 'over', 'at once');
        const short = await toldWith(
          'process_started',
          (record) => collectorOf(record) === 'audit' && record['UserId'] === Number(auditedUser),
        );
        assert.equal(short['CommandLine'], "/bin/true over 'at once'");
        assert.equal(short['sha256'], host.run('sha256sum', '/bin/true').split(' ')[0]);
        const theirs = host
          .run(
            'ausearch',
            '--input',
            '/var/log/audit/audit.log',
            '--event',
            String(short['audit_serial']),
            '--format',
            'csv',
          )
          .split('\n')
          .map((line) => line.split(','));
        const columnOf = (name: string): string | undefined => theirs[1]?.[theirs[0]?.indexOf(name) ?? -1];
        assert.deepEqual([columnOf('ACTION'), columnOf('OBJ_PRIME')], ['executed', '/bin/true']);

        // The file may be noticed before the kernel's word of it has come through auditd to the log: then nobody is named.
        let files = 0;
        const written = await until('a file with who wrote it', async () => {
          const name = join(watched, `by-somebody-${(files += 1)}`);
          host.run('bash', '-c', `echo changed > ${name}`);
          const created = await toldWith('file_created', ({ TargetFilename }) => TargetFilename === name);
          return created['who'] === 'audit' ? created : undefined;
        });
        assert.ok(textOf(written['Image']).endsWith('bash'), textOf(written['Image']));
      } finally {
        for (const rule of rules) host.tryRun('auditctl', '-d', ...rule);
      }
      await toldWith(
        'audit_changed',
        ({ operation, audit_key: key }) => operation === 'remove_rule' && textOf(key).startsWith('made-up'),
      );
    } finally {
      await daemon.stop();
      host.tryRun('auditctl', '-e', '0');
    }
  },
);

test(
  'a journald and an auditd that are stopped, and logs that are removed or cut, are told as blindness',
  { skip, timeout: 600_000 },
  async () => {
    await journald.stop('SIGKILL');
    await toldWith(
      'sensor.collector_blind',
      ({ covers, problem }) => covers === 'journal' && textOf(problem).includes('systemd-journald'),
    );
    await toldWith(
      'sensor.collector_blind',
      ({ covers, problem }) => covers === 'audit' && textOf(problem).includes('auditd'),
    );
    host.run('rm', '/var/log/wtmp');
    await toldWith('sensor.collector_blind', ({ covers }) => covers === 'wtmp');
    host.run('truncate', '--size=0', '/var/log/btmp');
    await toldWith('log_shrunk', ({ TargetFilename }) => TargetFilename === '/var/log/btmp');
  },
);

test(
  'the clock: what chronyc says of a chronyd that follows another one is what is told',
  { skip, timeout: 600_000 },
  async () => {
    const tracking = await until('chronyc', chronyTracking);
    const state = await toldWith(
      'clock_state',
      ({ method, synchronised, server_offset_ms: offsetMs }) =>
        method === 'chrony' && synchronised === 'yes' && typeof offsetMs === 'number',
    );
    assert.equal(state['stratum'], Number(/Stratum +: (\d+)/.exec(tracking)?.[1]));
    assert.equal(state['reference'], '127.0.0.1');
    assert.equal(state['leap'], 'Normal');
    assert.ok(Math.abs(Number(state['offset_ms'])) < 1000);
  },
);

/** What chronyc says once it follows. */
function chronyTracking(): string | undefined {
  const { stdout } = host.tryRun('chronyc', 'tracking');
  return /Leap status +: Normal/.test(stdout) ? stdout : undefined;
}

/** One that keeps the time, and one that follows it. */
function startChrony(): void {
  host.run('mkdir', '-p', '/run/chrony');
  host.write(
    '/etc/chrony/server.conf',
    `local stratum 8\nallow 127.0.0.0/8\nport ${ntpPort}\ncmdport 0\nbindcmdaddress /\npidfile /run/chrony/server.pid\nbindaddress 127.0.0.1\n`,
  );
  host.write(
    '/etc/chrony/client.conf',
    `server 127.0.0.1 port ${ntpPort} iburst minpoll 0 maxpoll 1\ncmdport 0\nport 0\n`,
  );
  host.run('chmod', '0750', '/run/chrony');
  // -x: no clock is touched.
  for (const name of ['server', 'client'])
    host.start('/usr/sbin/chronyd', '-u', 'root', '-x', '-d', '-f', `/etc/chrony/${name}.conf`);
}

/** The line that is told for what this user cannot see, carried out as it is told, makes it seen. */
function tryRemedies(): void {
  host.run(
    'useradd',
    '--system',
    '--home-dir',
    '/var/lib/sallyport-sensor',
    '--shell',
    '/usr/sbin/nologin',
    'sallyport-sensor',
  );
  const once = (...privileges: string[]): Map<string, JsonObject> => {
    const state = join(directory, 'once');
    mkdirSync(state, { recursive: true });
    const who = ['--reuid=sallyport-sensor', '--regid=sallyport-sensor', '--init-groups', ...privileges];
    const main = join(import.meta.dirname, 'main.ts');
    const lines = host
      .run('setpriv', ...who, process.execPath, main, 'once', '--only-paths', `--state=${state}`)
      .split('\n');
    const told = lines.flatMap((line) => {
      const record = line.startsWith('{') ? parseJson(line) : null;
      return isJsonObject(record) && record['event'] === 'sensor.coverage' ? [record] : [];
    });
    return new Map(told.map((record) => [textOf(record['covers']), record]));
  };
  const before = once();
  for (const collector of ['audit', 'btmp']) {
    const { state, remedy } = before.get(collector) ?? {};
    assert.equal(state, 'none', collector);
    // There is no service manager here: the sensor is started anew below.
    host.run('bash', '-c', textOf(remedy).replace(' && systemctl restart sallyport-sensor', ''));
  }
  // The daemon reopens its log when it is told of the next event.
  host.run('auditctl', '-m', 'made-up');
  const after = once();
  for (const collector of ['audit', 'btmp']) assert.equal(after.get(collector)?.['state'], 'full', collector);
  assert.match(textOf(after.get('inventory')?.['remedy']), /CAP_DAC_READ_SEARCH/);
  const capable = once('--inh-caps=+dac_read_search,+sys_ptrace', '--ambient-caps=+dac_read_search,+sys_ptrace');
  assert.equal(capable.get('inventory')?.['state'], 'full');
}

const auditConfiguration = `local_events = yes
write_logs = yes
log_file = /var/log/audit/audit.log
log_group = root
log_format = RAW
flush = INCREMENTAL_ASYNC
freq = 1
max_log_file = 8
num_logs = 3
max_log_file_action = ROTATE
space_left = 2
space_left_action = IGNORE
admin_space_left = 1
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
`;
