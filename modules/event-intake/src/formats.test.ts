import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { encodeJournalExport } from '@sallyport/log-formats/senders-testing';
import { createFullScan, parseSigmaRules, sigmaEventOf } from '@sallyport/sigma-rules';
import fc from 'fast-check';
import { startHouse } from './intake-testing.ts';

function at(event: JsonObject | undefined, ...path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = event;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else value = value !== undefined && isJsonObject(value) ? value[step] : undefined;
  }
  return value;
}

const plain = { 'content-type': 'text/plain' };
const journalType = { 'content-type': 'application/vnd.fdo.journal' };
const failed = 'Failed password for root from 203.0.113.7 port 4022 ssh2';

function entry(index: number, message: string | Uint8Array = failed, more: readonly [string, string][] = []): Buffer {
  return encodeJournalExport([
    ['__CURSOR', `s=abc;i=${index}`],
    ['__REALTIME_TIMESTAMP', String(1_760_220_855_003_000 + index * 1000)],
    ['_HOSTNAME', 'web-1'],
    ['SYSLOG_IDENTIFIER', 'sshd'],
    ['_PID', '9'],
    ['MESSAGE', message],
    ...more,
  ]);
}

test('a user who writes to the journal as sshd, or as PAM within it, signs nobody in', async (t) => {
  const house = await startHouse(t);
  const byUser: [string, string][] = [
    ['_UID', '1000'],
    ['_COMM', 'logger'],
    ['_EXE', '/usr/bin/logger'],
  ];
  const pam = 'pam_unix(sshd:session): session opened for user root(uid=0) by root(uid=0)';
  const answer = await house.send(Buffer.concat([entry(0, failed, byUser), entry(1, pam, byUser)]), {
    headers: journalType,
  });
  assert.equal(answer.body['accepted'], 2);
  for (const body of house.bodies().slice(-2)) {
    assert.notEqual(body['class_uid'], 3002);
    assert.deepEqual(
      [at(body, 'unmapped', 'record', 'ClaimedProgram'), at(body, 'unmapped', 'record', 'program')],
      ['sshd', 'logger'],
    );
  }
});

test('entries of the journal become what their programs said, however the door is called', async (t) => {
  const house = await startHouse(t);
  const body = Buffer.concat([entry(0), entry(1, Uint8Array.of(0xff, 0x41)), entry(2, 'two\nlines')]);
  for (const [type, query] of [
    ['application/vnd.fdo.journal', ''],
    ['text/plain', '?format=journal_export'],
    ['application/octet-stream', ''],
  ] as const) {
    const answer = await house.send(gzipSync(body), {
      query,
      headers: { 'content-type': type, 'content-encoding': 'gzip' },
    });
    assert.deepEqual([answer.status, answer.body['accepted'], answer.body['kept_raw']], [200, 3, 0], type);
    const [signIn, bytes, lines] = house.bodies().slice(-3);
    assert.deepEqual(
      [signIn?.['class_uid'], signIn?.['time'], at(signIn, 'device', 'hostname')],
      [3002, 1_760_220_855_003, 'web-1'],
    );
    assert.match(String(bytes?.['raw_data']), /"MESSAGE":\[255,65\]/);
    assert.equal(at(lines, 'unmapped', 'record', 'message'), 'two\nlines');
  }
});

test('a faulty entry of the journal is kept with what stood before the fault, and costs no other', async (t) => {
  const house = await startHouse(t);
  const body = Buffer.concat([Buffer.from('MESSAGE=seen\nlower=1\n\n'), entry(1)]);
  const answer = await house.send(body, { headers: journalType });
  assert.deepEqual(answer.body['reasons'], [{ sequence: 0, code: 'journal_damaged' }]);
  assert.match(
    String(house.bodies()[0]?.['raw_data']),
    /^\{"MESSAGE":"seen","journal_damaged":\{"code":"journal_field_name"/,
  );
  assert.equal(house.bodies()[1]?.['class_uid'], 3002);
});

const tools = ['/usr/lib/systemd/systemd-journal-remote', '/usr/lib/systemd/systemd-journal-upload'];
const missing = tools.find((tool) => !existsSync(tool));

test(
  'systemd-journal-upload sends a journal, and every entry is recorded',
  { skip: missing === undefined ? false : `no ${missing}` },
  async (t) => {
    const [remote = '', upload = ''] = tools;
    const house = await startHouse(t);
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-journal-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const exported = join(folder, 'x.export');
    const journal = join(folder, 'x.journal');
    const boot = [
      ['_BOOT_ID', '0123456789abcdef0123456789abcdef'],
      ['_MACHINE_ID', '0123456789abcdef0123456789abcdef'],
    ] as const;
    const entries = Array.from({ length: 500 }, (_, index) =>
      Buffer.concat([
        encodeJournalExport([
          ['__REALTIME_TIMESTAMP', String(1_760_220_855_003_000 + index * 1000)],
          ['__MONOTONIC_TIMESTAMP', String(1000 + index)],
          ...boot,
        ]).subarray(0, -1),
        encodeJournalExport([
          ['_HOSTNAME', 'web-1'],
          ['SYSLOG_IDENTIFIER', 'sshd'],
          ['MESSAGE', index % 7 === 0 ? `two\nlines ${index}` : failed],
        ]),
      ]),
    );
    writeFileSync(exported, Buffer.concat(entries));
    const run = promisify(execFile);
    const bounds = { timeout: 240_000 };
    await run(remote, ['-o', journal, exported], bounds);
    const settings = ['--follow=no', `--save-state=${join(folder, 'state')}`];
    await run(upload, [`--url=http://127.0.0.1:${house.port}`, '-D', folder, ...settings], bounds);
    assert.equal(house.bodies().length, 500);
    assert.equal(house.bodies().filter((event) => event['class_uid'] === 3002).length, 428);
  },
);

const zeekLog = [
  '#separator \\x09',
  '#set_separator\t,',
  '#empty_field\t(empty)',
  '#unset_field\t-',
  '#path\tdns',
  '#open\t2025-10-11-22-14-15',
  '#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery\tanswers\trejected',
  '#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tvector[string]\tbool',
];
const zeekRow = '1760220855.003000\tC1\t192.0.2.1\t5353\t192.0.2.53\t53\tudp\tevil.example\t203.0.113.7,203.0.113.8\tF';

test('rows of Zeek have the names of the header above them, log after log, and over batches', async (t) => {
  const house = await startHouse(t, { limits: { maxBatchEvents: 2 } });
  const other = ['#separator \\x09', '#path\tweird', '#fields\tts\tname', '#types\ttime\tstring', '1760220855.5\todd'];
  const body = [...zeekLog, zeekRow, zeekRow, zeekRow, '#close\t2025', ...other, 'one\ttwo\tthree'].join('\n');
  for (const headers of [{ 'content-type': 'text/tab-separated-values' }, plain]) {
    const answer = await house.send(body, { headers });
    assert.deepEqual([answer.body['accepted'], answer.body['reasons']], [5, [{ sequence: 4, code: 'zeek_invalid' }]]);
    const [first, , third, weird, short] = house.bodies().slice(-5);
    for (const event of [first, third]) {
      assert.deepEqual(
        [event?.['class_uid'], at(event, 'query', 'hostname'), at(event, 'answers', '1', 'rdata'), event?.['time']],
        [4003, 'evil.example', '203.0.113.8', 1_760_220_855_003],
      );
      assert.equal(event?.['raw_data'], zeekRow);
      assert.deepEqual(at(event, 'unmapped', 'record', 'id.orig_h'), '192.0.2.1');
    }
    assert.deepEqual(
      [at(weird, 'unmapped', 'record', '_path'), at(weird, 'unmapped', 'record', 'name')],
      ['weird', 'odd'],
    );
    assert.equal(short?.['raw_data'], 'one\ttwo\tthree');
  }
});

test('rows without a header are kept as they are', async (t) => {
  const house = await startHouse(t);
  const answer = await house.send(`${zeekRow}\n`, { query: '?format=zeek', headers: plain });
  assert.deepEqual(answer.body['reasons'], [{ sequence: 0, code: 'zeek_invalid' }]);
});

const audit = (serial: number, ...records: readonly string[]): string[] =>
  records.map((record) => `node=web-1 type=${record.replace(' ', ` msg=audit(1760220855.003:${serial}): `)}`);
const started = audit(
  91,
  'SYSCALL arch=c000003e syscall=59 success=yes ppid=100 pid=101 auid=1000 uid=0 comm="cat" exe="/usr/bin/cat"',
  'EXECVE argc=2 a0="cat" a1="/etc/shadow"',
  'PATH item=0 name="/usr/bin/cat" nametype=NORMAL',
  'PROCTITLE proctitle="cat"',
);
const signIn = audit(92, 'USER_LOGIN pid=7 msg=\'op=login acct="root" addr=203.0.113.7 res=failed\'');

test('the records of one audit event are one event, whatever stands between them', async (t) => {
  const house = await startHouse(t);
  const [call = '', execve = '', path = '', title = ''] = started;
  const broken = audit(93, 'SYSCALL pid=1 comm="x"');
  const body = [call, broken[0], execve, ...signIn, path, 'no record', title, ''].join('\n');
  for (const query of ['?format=auditd', '']) {
    const answer = await house.send(body, { query, headers: plain });
    assert.deepEqual([answer.status, answer.body['kept_raw']], [200, 1]);
  }
  // A stray line gives up waiting, so it is sent without it too.
  const answer = await house.send([call, broken[0], execve, ...signIn, path, title].join('\n'), { headers: plain });
  assert.deepEqual([answer.body['accepted'], answer.body['kept_raw']], [3, 0]);
  const [whole, login, open] = house.bodies().slice(-3);
  assert.deepEqual([whole?.['class_uid'], at(whole, 'process', 'cmd_line')], [1007, 'cat /etc/shadow']);
  assert.equal(whole?.['raw_data'], started.join('\n'));
  assert.deepEqual(at(whole, 'unmapped', 'record', 'type'), ['SYSCALL', 'EXECVE', 'PATH', 'PROCTITLE']);
  assert.deepEqual(new Set([open?.['raw_data'], login?.['raw_data']]), new Set([...signIn, ...broken]));
});

test('a rule about one record of an audit event holds for the event', async (t) => {
  const house = await startHouse(t);
  await house.send(started.join('\n'), { headers: plain });
  const rule = (detection: string): string =>
    `title: x\nid: x\nlogsource:\n  product: linux\n  service: auditd\ndetection:\n  s:\n${detection}\n  condition: s\n`;
  const record = at(house.bodies()[0], 'unmapped', 'record');
  assert.ok(record !== undefined && isJsonObject(record));
  for (const [detection, times] of [
    ["    type: EXECVE\n    a0: 'cat'\n    a1: '/etc/shadow'", 1],
    ["    type: SYSCALL\n    exe|endswith: '/cat'", 1],
    ["    type: PATH\n    name: '/usr/bin/cat'", 1],
    ['    type: USER_LOGIN', 0],
  ] as const) {
    const scan = createFullScan(parseSigmaRules(rule(detection), { file: 'x.yml' }).rules);
    const source = { product: 'linux', service: ['auditd'] };
    assert.equal(scan.matchEvent(sigmaEventOf(record), source).length, times, detection);
  }
});

test('every line of an audit log is in exactly one event, and sending the same again doubles none', async (t) => {
  const house = await startHouse(t);
  const line = fc.tuple(fc.nat(5), fc.constantFrom('SYSCALL', 'PATH', 'EXECVE', 'PROCTITLE', 'EOE', 'USER_AUTH'));
  let source = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 40 }), async (lines) => {
      const before = house.bodies().length;
      const texts = lines.map(([serial, type], index) => audit(serial, `${type} n=${index}`)[0] ?? '');
      const options = { query: `?source=s${(source += 1)}&sequence=0&format=auditd`, headers: plain };
      const answer = await house.send(texts.join('\n'), options);
      const again = await house.send(texts.join('\n'), options);
      assert.deepEqual([again.status, again.body['already_known']], [200, answer.body['accepted']]);
      const kept = house.bodies().slice(before);
      assert.equal(kept.length, answer.body['accepted']);
      assert.deepEqual(kept.flatMap((event) => String(event['raw_data']).split('\n')).toSorted(), texts.toSorted());
    }),
    { numRuns: 40 },
  );
});

const review = {
  level: 'Metadata',
  auditID: 'a-1',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/default/secrets/db',
  verb: 'get',
  user: { username: 'eve', groups: ['system:authenticated'] },
  sourceIPs: ['203.0.113.7'],
  objectRef: { resource: 'secrets', namespace: 'default', name: 'db', apiVersion: 'v1' },
  responseStatus: { code: 200 },
  stageTimestamp: '2025-10-11T22:14:15.003000Z',
};

test('the list that the API server of Kubernetes posts is its events, and a line of its log is one', async (t) => {
  const house = await startHouse(t);
  const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [review, review] };
  const answer = await house.send(JSON.stringify(list), { headers: { 'content-type': 'application/json' } });
  assert.deepEqual([answer.body['accepted'], answer.body['kept_raw']], [2, 0]);
  await house.send(`${JSON.stringify({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...review })}\n`);
  for (const event of house.bodies()) {
    assert.deepEqual(
      [event['class_uid'], at(event, 'actor', 'user', 'name'), at(event, 'resources', '0', 'name')],
      [6003, 'eve', 'db'],
    );
    assert.equal(at(event, 'metadata', 'transformation_info_list', '0', 'uid'), 'kubernetes-audit@1');
  }
  assert.equal(house.bodies().length, 3);
});

test('a notification of S3 is recorded with the objects it names, and is no event of CloudTrail', async (t) => {
  const house = await startHouse(t);
  const object = (key: string): JsonObject => ({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    eventTime: '2025-10-11T22:14:15.003Z',
    userIdentity: { principalId: 'AWS:A' },
    requestParameters: { sourceIPAddress: '203.0.113.7' },
    s3: { bucket: { name: 'trail' }, object: { key, size: 7 } },
  });
  const answer = await house.send(JSON.stringify({ Records: [object('a.json.gz'), object('b+c.json.gz')] }), {
    headers: { 'content-type': 'application/json' },
  });
  assert.deepEqual([answer.body['accepted'], answer.body['kept_raw']], [2, 0]);
  assert.deepEqual(
    house
      .bodies()
      .map((event) => [
        event['class_uid'],
        at(event, 'metadata', 'product', 'name'),
        at(event, 'resources', '0', 'name'),
      ]),
    [
      [6003, 'Amazon S3', 'a.json.gz'],
      [6003, 'Amazon S3', 'b c.json.gz'],
    ],
  );
});

test('Suricata, CEF and LEEF are told line by line, behind a syslog header and bare', async (t) => {
  const house = await startHouse(t);
  const cef = 'CEF:0|Security|threatmanager|1.0|100|worm successfully stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232';
  const leef = 'LEEF:1.0|Microsoft|MSExchange|4.0 SP1|15345|src=192.0.2.0\tdst=172.50.123.1\tsev=5';
  const eve =
    '{"timestamp":"2025-10-11T22:14:15.003000+0000","flow_id":1,"event_type":"alert","src_ip":"10.0.0.1","src_port":1,"dest_ip":"10.0.0.2","dest_port":2,"proto":"TCP","alert":{"signature_id":2001,"signature":"ET TEST","category":"c","severity":1}}';
  const header = '<13>Oct 11 22:14:15 gw ';
  const lines = [cef, `${header}${cef}`, leef, `${header}${leef}`, eve, `${header}suricata[7]: ${eve}`];
  const answer = await house.send(lines.join('\n'), { headers: plain });
  assert.deepEqual([answer.body['accepted'], answer.body['kept_raw']], [6, 0]);
  assert.deepEqual(
    house.bodies().map((event) => at(event, 'metadata', 'log_format')),
    ['cef', 'cef', 'leef', 'leef', 'suricata-eve', 'suricata-eve'],
  );
  assert.deepEqual(
    house.bodies().map((event) => event['raw_data']),
    lines,
  );
});
