import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createSchemaValidator } from '@sallyport/ocsf/schema-testing';
import { authRecord } from './collectors/auth-message.ts';
import { recordLine } from './record.ts';
import type { RecordKind, SensorRecord } from './record.ts';
import { mapLine, readSensorMapper } from './testing/sensor-mapper.ts';

const mapper = readSensorMapper();
const schema = join(import.meta.dirname, '../../../../shared/data/ocsf-1.8.0');
const skip = existsSync(schema) ? false : `no OCSF schema in ${schema}`;
const sender = { host: 'web1', version: '0.1.0' };
const hash = 'a'.repeat(64);

const record = (kind: RecordKind, event: string, fields: JsonObject = {}): SensorRecord => ({
  kind,
  collector: 'x',
  lossy: false,
  timeMs: 1_700_000_000_000,
  event,
  fields,
});
const auth = (program: string, message: string): SensorRecord =>
  authRecord({ collector: 'auth-log', timeMs: 1_700_000_000_000, program, message, processId: '42' });

const file = {
  TargetFilename: '/etc/passwd',
  FileName: 'passwd',
  FileKind: 'file',
  sha256: hash,
  Hashes: `SHA256=${hash}`,
  Owner: 'root',
  who: 'unknown',
};
const connection = {
  Protocol: 'tcp',
  Initiated: 'true',
  SourceIp: '10.0.0.1',
  SourcePort: 5000,
  DestinationIp: '192.0.2.1',
  DestinationPort: 443,
  User: 'ada',
  ProcessId: 7,
  Image: '/usr/bin/curl',
};
const from = 'from 192.0.2.7 port 50022';

/** A record of every event, with the class and activity it becomes. */
const samples: readonly [SensorRecord, number, number][] = [
  [
    record('process', 'process_started', {
      ProcessId: 9,
      ProcessName: 'sh',
      Image: '/bin/sh',
      CommandLine: 'sh -c id',
      User: 'ada',
      UserId: 1000,
      ParentProcessId: 1,
      ParentImage: '/sbin/init',
      CurrentDirectory: '/',
      sha256: hash,
    }),
    1007,
    1,
  ],
  [
    record('match', 'hash_matched', {
      TargetFilename: '/tmp/x',
      Indicator: hash,
      IndicatorList: '/etc/sallyport-sensor/hashes/known-bad.txt',
      Algorithm: 'sha256',
      sha256: hash,
      trigger: 'process_started',
      ProcessId: 9,
      Image: '/tmp/x',
      CommandLine: './x',
      User: 'ada',
    }),
    2004,
    1,
  ],
  [
    record('match', 'yara_matched', {
      TargetFilename: '/etc/x',
      Indicator: 'made_up',
      IndicatorList: '/etc/sallyport-sensor/yara/a.yar',
      Description: 'made up',
      sha256: hash,
      trigger: 'file_changed',
    }),
    2004,
    1,
  ],
  [
    record('match', 'scan_failed', {
      TargetFilename: '/etc/x',
      sha256: hash,
      reason: 'it took longer',
      trigger: 'sweep',
    }),
    6002,
    99,
  ],
  [record('process', 'processes_untold', { count: 9 }), 6002, 99],
  [record('sensor', 'sensor.paused', { paused_ms: 60_000, reason: 'x' }), 6002, 99],
  [record('sensor', 'sensor.may_repeat', { source: 'host-a.00112233', sequence: 7, count: 2, reason: 'x' }), 6002, 99],
  [record('file', 'file_created', file), 1001, 1],
  [
    record('file', 'file_modified', { ...file, User: 'ada', ProcessId: 7, Image: '/usr/bin/vi', who: 'audit' }),
    1001,
    3,
  ],
  [record('file', 'file_deleted', { TargetFilename: '/etc/x', FileName: 'x' }), 1001, 4],
  [record('file', 'file_attributes_changed', { ...file, FileKind: 'folder' }), 1001, 6],
  [record('file', 'log_shrunk', { TargetFilename: '/var/log/auth.log', was_bytes: 9, is_bytes: 0 }), 1008, 1],
  [record('file', 'baseline_made', { entries: 9 }), 5002, 1],
  [record('file', 'baseline_lost', { entries: 9 }), 5002, 1],
  [auth('sshd', `Failed password for root ${from} ssh2`), 3002, 1],
  [auth('sshd', `Failed password for invalid user admin ${from} ssh2`), 3002, 1],
  [auth('sshd', `Accepted publickey for alice ${from} ssh2: ED25519 SHA256:abc`), 3002, 1],
  [auth('sshd', `Invalid user oracle ${from}`), 3002, 1],
  [auth('sshd', 'Disconnected from user alice 192.0.2.7 port 50022'), 3002, 2],
  [auth('sudo', 'ada : TTY=pts/0 ; PWD=/home/ada ; USER=root ; COMMAND=/bin/sh'), 3002, 7],
  [auth('sshd', 'pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)'), 3002, 1],
  [auth('sshd', 'pam_unix(sshd:session): session closed for user root'), 3002, 2],
  [auth('useradd', 'new user: name=eve, UID=1001, GID=1001, home=/home/eve, shell=/bin/sh, from=none'), 3001, 1],
  [auth('groupadd', 'new group: name=eve, GID=1001'), 3006, 6],
  [auth('sshd', 'something nobody knows'), 0, 99],
  [
    record('sign_in', 'session_began', {
      program: 'wtmp',
      User: 'ada',
      Terminal: 'pts/0',
      SourceIp: '192.0.2.7',
      Result: 'success',
    }),
    3002,
    1,
  ],
  [record('sign_in', 'session_ended', { program: 'wtmp', Terminal: 'pts/0' }), 0, 99],
  [record('sign_in', 'sign_in_failed', { program: 'btmp', User: 'x', Result: 'failure' }), 3002, 1],
  [record('account', 'user_created', { User: 'eve', UserId: '0' }), 3001, 1],
  [record('account', 'user_deleted', { User: 'eve' }), 3001, 6],
  [record('account', 'user_changed', { User: 'eve', PreviousUserId: '1000' }), 3001, 99],
  [record('account', 'group_changed', { Group: 'sudo', Members: 'eve' }), 3006, 99],
  [record('account', 'group_created', { Group: 'x' }), 3006, 6],
  [record('account', 'group_deleted', { Group: 'x' }), 3006, 5],
  [
    record('account', 'sudo_rule_added', {
      CommandLine: 'eve ALL=(ALL) NOPASSWD: ALL',
      TargetFilename: '/etc/sudoers',
    }),
    5019,
    1,
  ],
  [record('account', 'sudo_rule_removed', { CommandLine: 'x' }), 5019, 1],
  [record('connection', 'connection_opened', connection), 4001, 1],
  [
    record('listener', 'listener_opened', { Protocol: 'tcp', ListenIp: '0.0.0.0', ListenPort: 4444, User: 'ada' }),
    4001,
    7,
  ],
  [record('listener', 'listener_found', { Protocol: 'udp', ListenIp: '::', ListenPort: 53 }), 4001, 7],
  [record('listener', 'listener_closed', { Protocol: 'tcp', ListenIp: '0.0.0.0', ListenPort: 4444 }), 4001, 2],
  [record('inventory', 'package_installed', { Package: 'nmap', Version: '7' }), 6002, 1],
  [record('inventory', 'package_removed', { Package: 'nmap', Version: '7' }), 6002, 2],
  [record('inventory', 'package_updated', { Package: 'nmap', Version: '8', PreviousVersion: '7' }), 6002, 8],
  [record('inventory', 'kernel_module_loaded', { Module: 'evil', Taint: 'OE' }), 1002, 1],
  [record('inventory', 'kernel_module_unloaded', { Module: 'evil' }), 1002, 2],
  [
    record('inventory', 'scheduled_job_created', {
      Job: 'x',
      TargetFilename: '/etc/cron.d/x',
      CommandLine: '* * * * * root sh',
    }),
    1006,
    1,
  ],
  [record('inventory', 'scheduled_job_changed', { Job: 'x.timer', CommandLine: 'x.service' }), 1006, 2],
  [record('inventory', 'scheduled_job_deleted', { Job: 'x.timer', CommandLine: 'x.service' }), 1006, 3],
  [record('inventory', 'mount_added', { MountPoint: '/mnt', FileSystem: 'nfs' }), 1001, 12],
  [record('inventory', 'mount_removed', { MountPoint: '/mnt', FileSystem: 'nfs' }), 1001, 13],
  [record('inventory', 'mount_changed', { MountPoint: '/mnt', FileSystem: 'nfs' }), 1001, 6],
  [record('inventory', 'host_booted', { kernel: '6.1' }), 5001, 1],
  [record('inventory', 'inventory_changed_much', { more: 9 }), 5001, 1],
  [record('clock', 'clock_state', { method: 'chrony', synchronised: 'yes' }), 5002, 1],
  [record('clock', 'clock_stepped', { stepped_ms: 9000 }), 5002, 1],
  [record('sensor', 'sensor.started', {}), 6002, 3],
  [record('sensor', 'sensor.stopped', { reason: 'SIGTERM' }), 6002, 4],
  [record('heartbeat', 'sensor.heartbeat', { beat: 1 }), 6002, 99],
  [record('sensor', 'sensor.coverage', { covers: 'audit', state: 'none' }), 6002, 99],
  [record('sensor', 'sensor.posture', { disk_encrypted: 'yes' }), 6002, 99],
  [record('lost', 'sensor.lost', { reason: 'spool_full', lost: { connection: 2 } }), 6002, 99],
  [record('sensor', 'sensor.renumbered', {}), 6002, 99],
  [record('sensor', 'sensor.collector_blind', { covers: 'journal', problem: 'ended' }), 6002, 99],
  [record('sensor', 'sensor.collector_recovered', { covers: 'journal' }), 6002, 99],
  [record('sensor', 'sensor.receipt_mismatch', { reason: 'x' }), 6002, 99],
  [record('sensor', 'sensor.receipts_match', {}), 6002, 99],
  [record('sensor', 'audit_changed', { audit_type: 'CONFIG_CHANGE' }), 1008, 99],
  [record('sensor', 'audit_changed', { audit_type: 'DAEMON_END' }), 1008, 7],
];

test('every file of mappings loads', () => {
  assert.deepEqual(mapper.refused, []);
  assert.ok(mapper.mappings.length >= 20);
});

test('every event the sensor tells becomes the class it should be', () => {
  for (const [sample, classUid, activityId] of samples) {
    const event = mapLine(mapper, recordLine(sample, sender));
    assert.ok(event !== undefined, sample.event);
    assert.deepEqual([event['class_uid'], event['activity_id']], [classUid, activityId], sample.event);
    assert.equal(event['time'], 1_700_000_000_000, sample.event);
  }
});

test('every event named in the sources has a sample here, so none is left without a mapping', () => {
  const sources = globSync('**/*.ts', { cwd: import.meta.dirname }).filter((name) => !name.includes('test'));
  assert.ok(sources.length > 20);
  const text = sources.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8')).join('\n');
  const named = new Set(
    [
      ...text.matchAll(
        /(?:event: |own\(|recordOf\(|told\(|(?:added|removed|changed): |now === undefined \? )'([a-z_]+[._][a-z_]+)'/g,
      ),
    ].map(([, name]) => name),
  );
  const sampled = new Set(samples.map(([{ event }]) => event));
  const unmapped = new Set([...named].filter((name) => name !== undefined && !sampled.has(name)));
  // Changes of what has no properties beside its name cannot occur, one message is the fallback of all, and what is vouched for is no record.
  const without = ['auth_message', 'kernel_module_changed', 'sensor.vouched', 'sudo_rule_changed'];
  assert.deepEqual(unmapped, new Set(without.filter((name) => named.has(name))));
  assert.ok(named.size > 20);
});

test('what the mappings make keeps the schema of OCSF 1.8.0', { skip }, () => {
  const files = new Map<string, JsonObject>();
  for (const path of readdirSync(schema, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.json') || path.startsWith('metaschema')) continue;
    const value = parseJson(readFileSync(join(schema, path), 'utf8'));
    if (isJsonObject(value)) files.set(path, value);
  }
  const validate = createSchemaValidator(files);
  let checked = 0;
  for (const [sample] of samples) {
    const event = mapLine(mapper, recordLine(sample, sender));
    assert.ok(event !== undefined);
    assert.deepEqual(validate(event), [], sample.event);
    checked += 1;
  }
  assert.equal(checked, samples.length);
});

test('a failed sign-in keeps who, from where and how', () => {
  const event = mapLine(mapper, recordLine(auth('sshd', `Failed password for root ${from} ssh2`), sender));
  assert.deepEqual(event?.['src_endpoint'], { ip: '192.0.2.7', port: 50_022 });
  assert.deepEqual(event?.['user'], { name: 'root' });
  assert.equal(event?.['status_id'], 2);
  assert.equal(event?.['severity_id'], 2);
});
