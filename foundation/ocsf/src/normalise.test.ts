import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { isObject } from './fields.ts';
import { normalise, rawEvent } from './index.ts';
import type { JsonObject, JsonValue, OcsfEvent } from './index.ts';
import { createSchemaValidator } from './schema-testing.ts';

const shared = join(import.meta.dirname, '../../../../shared/data');
const skip = existsSync(shared) ? false : `no recorded data in ${shared}`;
const receivedAtMs = 1_760_000_000_000;

function parse(text: string): JsonValue {
  const value: JsonValue = JSON.parse(text);
  return value;
}

function parseObject(text: string): JsonObject {
  const value = parse(text);
  assert.ok(isObject(value));
  return value;
}

function run(record: JsonObject): OcsfEvent {
  return normalise(record, JSON.stringify(record), { receivedAtMs });
}

function schemaValidator(): (event: JsonObject) => string[] {
  const root = join(shared, 'ocsf-1.8.0');
  const files = new Map<string, JsonObject>();
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.json') && !path.startsWith('metaschema'))
      files.set(path, parseObject(readFileSync(join(root, path), 'utf8')));
  }
  return createSchemaValidator(files);
}

const sysmon = {
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  SourceName: 'Microsoft-Windows-Sysmon',
  Hostname: 'ws5.example',
};
const security = { Channel: 'Security', SourceName: 'Microsoft-Windows-Security-Auditing', Hostname: 'ws5.example' };
const processFields = { ProcessId: '42', ProcessGuid: '{a}', Image: 'C:\\Windows\\cmd.exe', User: 'CORP\\ada' };
const subject = { SubjectUserName: 'ada', SubjectDomainName: 'CORP', SubjectUserSid: 'S-1-5-21-1' };
const targetUser = { TargetUserName: 'bob', TargetDomainName: 'CORP', TargetSid: 'S-1-5-21-2' };
const cloudTrail = {
  eventVersion: '1.08',
  userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::1:user/ada', userName: 'ada', accountId: '1', accessKeyId: 'AK' },
  eventTime: '2023-07-10T11:42:36Z',
  eventSource: 's3.amazonaws.com',
  eventName: 'DeleteBucket',
  awsRegion: 'us-east-1',
  sourceIPAddress: '10.248.16.43',
  userAgent: 'cli',
  requestID: 'R1',
  eventID: 'E1',
  readOnly: false,
  errorCode: 'AccessDenied',
  recipientAccountId: '1',
};

const examples: readonly [string, JsonObject, number, number][] = [
  [
    'Sysmon 1',
    {
      ...sysmon,
      EventID: 1,
      ...processFields,
      CommandLine: 'cmd /c x',
      ParentProcessId: '7',
      ParentImage: 'C:\\p.exe',
      Hashes: 'SHA1=C8,MD5=49,IMPHASH=00',
    },
    1007,
    1,
  ],
  ['Sysmon 2', { ...sysmon, EventID: 2, ...processFields, TargetFilename: 'C:\\a.txt' }, 1001, 6],
  [
    'Sysmon 3',
    {
      ...sysmon,
      EventID: 3,
      ...processFields,
      SourceIp: '10.0.0.1',
      SourcePort: '53',
      DestinationIp: '::1',
      DestinationPort: 443,
      Initiated: 'true',
      Protocol: 'tcp',
    },
    4001,
    1,
  ],
  ['Sysmon 5', { ...sysmon, EventID: 5, ...processFields }, 1007, 2],
  ['Sysmon 6', { ...sysmon, EventID: 6, ImageLoaded: 'C:\\d.sys', Hashes: 'SHA256=AA' }, 1002, 1],
  ['Sysmon 7', { ...sysmon, EventID: 7, ...processFields, ImageLoaded: 'C:\\d.dll' }, 1005, 1],
  [
    'Sysmon 8',
    { ...sysmon, EventID: 8, SourceProcessId: 1, SourceImage: 'C:\\s.exe', TargetProcessId: 2, StartAddress: '0x01' },
    1007,
    4,
  ],
  [
    'Sysmon 10',
    { ...sysmon, EventID: 10, SourceProcessGUID: '{s}', TargetProcessGUID: '{t}', GrantedAccess: '0x1410' },
    1007,
    3,
  ],
  ['Sysmon 11', { ...sysmon, EventID: 11, ...processFields, TargetFilename: 'C:\\b\\a.txt' }, 1001, 1],
  [
    'Sysmon 12 key',
    { ...sysmon, EventID: 12, EventType: 'CreateKey', ...processFields, TargetObject: 'HKLM\\A' },
    201_001,
    1,
  ],
  [
    'Sysmon 12 value',
    { ...sysmon, EventID: 12, EventType: 'DeleteValue', ...processFields, TargetObject: 'HKLM\\A\\v' },
    201_002,
    4,
  ],
  [
    'Sysmon 13',
    { ...sysmon, EventID: 13, EventType: 'SetValue', ...processFields, TargetObject: 'HKLM\\A\\v', Details: '1' },
    201_002,
    2,
  ],
  [
    'Sysmon 14',
    { ...sysmon, EventID: 14, EventType: 'RenameKey', ...processFields, TargetObject: 'HKLM\\A', NewName: 'HKLM\\B' },
    201_001,
    5,
  ],
  ['Sysmon 17', { ...sysmon, EventID: 17, EventType: 'CreatePipe', ...processFields, PipeName: '\\x' }, 1001, 1],
  [
    'Sysmon 22',
    {
      ...sysmon,
      EventID: 22,
      ...processFields,
      QueryName: 'example.com',
      QueryStatus: '0',
      QueryResults: 'type:  5 a.example;::ffff:1.2.3.4;',
    },
    4003,
    6,
  ],
  ['Sysmon 23', { ...sysmon, EventID: 23, ...processFields, TargetFilename: 'C:\\a.txt' }, 1001, 4],
  [
    '4624',
    {
      ...security,
      EventID: 4624,
      ...subject,
      ...targetUser,
      LogonType: '3',
      IpAddress: '10.0.0.9',
      IpPort: '6142',
      AuthenticationPackageName: 'NTLM',
    },
    3002,
    1,
  ],
  [
    '4625',
    {
      ...security,
      EventID: 4625,
      ...subject,
      ...targetUser,
      LogonType: '2',
      SubStatus: '0xc000006a',
      FailureReason: '%%2313',
    },
    3002,
    1,
  ],
  ['4634', { ...security, EventID: 4634, ...targetUser, LogonType: 0 }, 3002, 2],
  ['4648', { ...security, EventID: 4648, ...subject, ...targetUser, TargetServerName: 'dc1' }, 3002, 1],
  [
    '4672',
    { ...security, EventID: 4672, ...subject, PrivilegeList: 'SeDebugPrivilege\r\n\t\tSeTcbPrivilege' },
    3005,
    1,
  ],
  [
    '4688',
    { ...security, EventID: 4688, ...subject, NewProcessId: '0x7d8', NewProcessName: 'C:\\x.exe', ProcessId: '0x2b8' },
    1007,
    1,
  ],
  [
    '4689',
    { ...security, EventID: 4689, ...subject, ProcessId: '0x1570', ProcessName: 'C:\\x.exe', Status: '0x1' },
    1007,
    2,
  ],
  [
    '4697',
    { ...security, EventID: 4697, ...subject, ServiceName: 'svc', ServiceFileName: 'C:\\s.exe', ServiceStartType: '3' },
    201_004,
    1,
  ],
  ['4698', { ...security, EventID: 4698, ...subject, TaskName: '\\t' }, 1006, 1],
  ['4720', { ...security, EventID: 4720, ...subject, ...targetUser }, 3001, 1],
  ['4738', { ...security, EventID: 4738, ...subject, ...targetUser }, 3001, 99],
  ['4732', { ...security, EventID: 4732, ...subject, ...targetUser, MemberSid: 'S-1-5-21-3' }, 3006, 3],
  [
    '5156',
    {
      ...security,
      EventID: 5156,
      ProcessId: '4',
      DestAddress: '10.0.0.1',
      DestPort: '53',
      Protocol: '17',
      Direction: '%%14592',
    },
    4001,
    1,
  ],
  [
    '5145',
    {
      ...security,
      EventID: 5145,
      ...subject,
      ShareName: '\\\\*\\C$',
      RelativeTargetName: 'a\\b.exe',
      AccessMask: '0x1',
    },
    1001,
    14,
  ],
  ['1102', { EventID: 1102, SourceName: 'Microsoft-Windows-Eventlog', Channel: 'Security' }, 1008, 1],
  ['104', { EventID: 104, SourceName: 'Microsoft-Windows-Eventlog', Channel: 'System' }, 1008, 1],
  [
    '7045',
    {
      EventID: 7045,
      SourceName: 'Service Control Manager',
      Channel: 'System',
      ServiceName: 'Updater',
      ImagePath: '%COMSPEC% /c x',
      StartType: 'demand start',
    },
    201_004,
    1,
  ],
  [
    '7036',
    { EventID: 7036, SourceName: 'Service Control Manager', Channel: 'System', param1: 'Spooler', param2: 'stopped' },
    201_004,
    4,
  ],
  [
    '4104',
    {
      EventID: 4104,
      SourceName: 'Microsoft-Windows-PowerShell',
      ScriptBlockText: 'whoami',
      ScriptBlockId: 'b',
      AccountName: 'ada',
    },
    1009,
    1,
  ],
  ['4103', { EventID: 4103, SourceName: 'Microsoft-Windows-PowerShell', Payload: 'CommandInvocation(x)' }, 1009, 1],
  [
    '106',
    { EventID: 106, SourceName: 'Microsoft-Windows-TaskScheduler', TaskName: '\\t', UserContext: 'S-1-5-18' },
    1006,
    1,
  ],
  ['Windows, another event', { EventID: 5858, SourceName: 'Microsoft-Windows-WMI-Activity', Channel: 'x' }, 0, 0],
  ['CloudTrail call', cloudTrail, 6003, 4],
  [
    'CloudTrail sign-in',
    {
      ...cloudTrail,
      eventName: 'ConsoleLogin',
      eventSource: 'signin.amazonaws.com',
      responseElements: { ConsoleLogin: 'Failure' },
      additionalEventData: { MFAUsed: 'Yes' },
    },
    3002,
    1,
  ],
  [
    'CloudTrail by a service',
    {
      ...cloudTrail,
      eventName: 'AssumeRole',
      sourceIPAddress: 'ec2.amazonaws.com',
      userIdentity: { type: 'AWSService', invokedBy: 'ec2.amazonaws.com' },
      readOnly: true,
    },
    6003,
    2,
  ],
  ['generic', { ts: 1_700_000_000, level: 'warn', msg: 'hello', host: 'web-1' }, 0, 0],
  ['empty', {}, 0, 0],
];

for (const [name, record, classUid, activityId] of examples) {
  test(`normalise() maps ${name} to class ${classUid}, activity ${activityId}, valid by the schema`, { skip }, () => {
    const event = run(record);
    assert.deepEqual([event.class_uid, event.activity_id], [classUid, activityId]);
    assert.deepEqual(schemaValidator()(event), []);
    assert.equal(event.raw_data, JSON.stringify(record));
  });
}

test('the validator of these tests refuses what the schema does not know', { skip }, () => {
  const validate = schemaValidator();
  const event = run({ ...sysmon, EventID: 5, ...processFields });
  assert.deepEqual(validate(event), []);
  assert.notDeepEqual(validate({ ...event, colour: 'red' }), []);
  assert.notDeepEqual(validate({ ...event, activity_id: 42, type_uid: 100_742 }), []);
  assert.notDeepEqual(validate({ ...event, process: { pid: 'seven' } }), []);
  assert.notDeepEqual(validate({ ...event, type_uid: 1 }), []);
  const { device, ...withoutDevice } = event;
  assert.ok(device);
  assert.deepEqual(validate(withoutDevice), ['process_activity.device is required']);
});

test('Sysmon process creation carries process, parent, user, hashes, and the claimed time', () => {
  const event = run({
    ...sysmon,
    EventID: 1,
    ...processFields,
    UtcTime: '2020-06-10 02:51:04.728',
    CommandLine: 'cmd /c whoami',
    Hashes: 'SHA1=C8,SHA256=AA',
    ParentProcessId: '7',
    ParentProcessGuid: '{p}',
    ParentImage: 'C:\\parent.exe',
    ParentCommandLine: 'parent.exe -x',
    IntegrityLevel: 'High',
  });
  const parent = {
    pid: 7,
    uid: '{p}',
    name: 'parent.exe',
    file: { name: 'parent.exe', path: 'C:\\parent.exe', type_id: 1 },
    cmd_line: 'parent.exe -x',
  };
  assert.deepEqual(event['process'], {
    pid: 42,
    uid: '{a}',
    name: 'cmd.exe',
    file: {
      name: 'cmd.exe',
      path: 'C:\\Windows\\cmd.exe',
      type_id: 1,
      hashes: [
        { algorithm_id: 2, value: 'C8' },
        { algorithm_id: 3, value: 'AA' },
      ],
    },
    cmd_line: 'cmd /c whoami',
    created_time: 1_591_757_464_728,
    user: { name: 'ada', domain: 'CORP' },
    integrity: 'High',
    integrity_id: 4,
    parent_process: parent,
  });
  assert.deepEqual(event['actor'], { process: parent, user: { name: 'ada', domain: 'CORP' } });
  assert.deepEqual(event['device'], { type_id: 0, hostname: 'ws5.example' });
  assert.deepEqual(event.metadata, {
    product: { name: 'Sysmon', vendor_name: 'Microsoft' },
    profiles: ['host'],
    log_name: 'Microsoft-Windows-Sysmon/Operational',
    log_provider: 'Microsoft-Windows-Sysmon',
    event_code: '1',
    original_time: '2020-06-10 02:51:04.728',
    version: '1.8.0',
  });
  assert.equal(event.time, 1_591_757_464_728);
});

test('nested and winlog records give the same event as the flat one', () => {
  const fields = { UtcTime: '2025-12-06 21:11:02.632', ProcessId: 3412, Image: 'C:\\cmd.exe', CommandLine: 'cmd' };
  const flat = run({ ...sysmon, EventID: 1, ...fields });
  const system = {
    Provider: { '#attributes': { Name: 'Microsoft-Windows-Sysmon' } },
    EventID: { '#text': 1, '#attributes': { Qualifiers: 0 } },
    Channel: sysmon.Channel,
    Computer: 'ws5.example',
    TimeCreated: { '#attributes': { SystemTime: '2025-12-06T21:11:02.649150Z' } },
  };
  const asData = { Data: Object.entries(fields).map(([name, value]) => ({ '@Name': name, '#text': value })) };
  const winlog = {
    event_id: 1,
    provider_name: sysmon.SourceName,
    channel: sysmon.Channel,
    computer_name: 'ws5.example',
    event_data: fields,
  };
  const xml = Object.entries(fields)
    .map(([name, value]) => `<Data Name="${name}">${value}</Data>`)
    .join('\r\n');
  const azure = { EventID: 1, EventSourceName: sysmon.SourceName, Channel: sysmon.Channel, Computer: 'ws5.example' };
  const shapes: JsonObject[] = [
    { ...azure, TimeGenerated: fields.UtcTime, EventData: `<EventData>${xml}</EventData>` },
    { Event: { System: system, EventData: fields } },
    { Event: { System: system, EventData: asData } },
    { winlog },
  ];
  for (const shape of shapes) assert.deepEqual({ ...run(shape), raw_data: '' }, { ...flat, raw_data: '' });
});

test('a record without what its class requires stays a base event with its log metadata', () => {
  const event = run({ ...sysmon, EventID: 1, CommandLine: 'cmd' });
  assert.deepEqual([event.class_uid, event.metadata['event_code']], [0, '1']);
});

test('an OCSF event passes, relabelled, without words that are this product’s own', () => {
  const sent = {
    class_uid: 2004,
    category_uid: 2,
    activity_id: 1,
    type_uid: 200_401,
    severity_id: 4,
    time: 1_700_000_000_000,
    metadata: { version: '1.5.0', product: { name: 'EDR' } },
    finding_info: { uid: 'f', title: 't' },
    unmapped: { sallyport: { generation: 0, input: '1/1' }, other: 1 },
    raw_data: 'theirs',
  };
  const event = run(sent);
  assert.equal(event.class_uid, 2004);
  assert.deepEqual(event.metadata, { version: '1.8.0', product: { name: 'EDR' }, log_version: '1.5.0' });
  assert.deepEqual(event['unmapped'], { other: 1 });
  assert.equal(event.raw_data, JSON.stringify(sent));
  for (const lie of [{ type_uid: 1 }, { category_uid: 1 }, { time: -1 }, { metadata: {} }, { activity_id: 1.5 }]) {
    assert.equal(run({ ...sent, ...lie }).class_uid, 0);
  }
});

test('times are claims: impossible ones fall back to the time of receipt', () => {
  assert.equal(run({ time: '2023-01-01T00:00:00.5+02:00' }).time, Date.UTC(2022, 11, 31, 22, 0, 0, 500));
  assert.equal(run({ timestamp: 1_700_000_000 }).time, 1_700_000_000_000);
  assert.equal(run({ timestamp: 1_700_000_000_000_000_000 }).time, 1_700_000_000_000);
  for (const time of ['yesterday', -5, 1e300, { a: 1 }, '99999-01-01T00:00:00Z'])
    assert.equal(run({ time }).time, receivedAtMs);
});

test('keys that JavaScript treats specially are harmless', () => {
  for (const text of [
    '{"__proto__":{"EventID":1,"Channel":"Security"},"constructor":{"prototype":{"polluted":1}}}',
    '{"EventID":"__proto__","Channel":"constructor"}',
    '{"EventID":1,"SourceName":"__proto__","toString":"x","hasOwnProperty":1}',
    '{"class_uid":0,"category_uid":0,"activity_id":0,"type_uid":0,"severity_id":0,"time":0,"metadata":{"version":"1.8.0","product":{}},"__proto__":{"x":1}}',
  ]) {
    const event = normalise(parseObject(text), text, { receivedAtMs });
    assert.equal(event.class_uid, 0);
    assert.equal(Object.getPrototypeOf(event), Object.prototype);
    assert.equal(JSON.stringify(event).includes('"__proto__":'), false);
  }
  assert.equal('polluted' in {}, false);
});

test('normalise() never throws, and what it returns can be written and is bounded, for any JSON', { skip }, () => {
  const validate = schemaValidator();
  const names = fc.constantFrom(
    'EventID',
    'Channel',
    'SourceName',
    'Image',
    'ProcessId',
    'Event',
    'System',
    'EventData',
    'UserData',
    'Data',
    'winlog',
    'time',
    'metadata',
    'userIdentity',
    'eventName',
    'eventSource',
    'eventVersion',
    'TargetUserName',
    'TargetObject',
    'resources',
    '__proto__',
    'host',
    'class_uid',
  );
  const values = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<JsonValue>(1, 3, 12, '22', 4624, '4688', 'Security', sysmon.SourceName, '-', { '#text': 1 }),
  );
  const records = fc.dictionary(fc.oneof(names, fc.string()), values, { maxKeys: 12 });
  fc.assert(
    fc.property(
      fc.oneof(
        records,
        records.map((inner) => ({ Event: { System: inner, EventData: inner } })),
      ),
      (record) => {
        const text = JSON.stringify(record);
        const event = normalise(parseObject(text), text, { receivedAtMs });
        const written = JSON.stringify(event);
        assert.ok(written.length < 4 * text.length + 4096);
        assert.deepEqual(parse(written), { ...event });
        assert.deepEqual(validate(event), []);
      },
    ),
    { numRuns: 500 },
  );
});

test('a field longer than the bound is cut, said so, and whole in raw_data', () => {
  const CommandLine = 'x'.repeat(100_000);
  const event = run({ ...sysmon, EventID: 1, ...processFields, CommandLine });
  const process = event['process'];
  assert.ok(isObject(process) && typeof process['cmd_line'] === 'string');
  assert.equal(process['cmd_line'].length, 32_768);
  assert.equal(event.metadata['is_truncated'], true);
  assert.ok(event.raw_data?.includes(CommandLine));
});

test('rawEvent() keeps the text and the reason, and marks base64 and cut text', { skip }, () => {
  const plain = rawEvent({ text: '{"a":', reason: 'json_invalid', receivedAtMs });
  assert.deepEqual(
    [plain.raw_data, plain['status_detail'], plain.time, plain.class_uid],
    ['{"a":', 'json_invalid', receivedAtMs, 0],
  );
  const bytes = rawEvent({ text: '/w==', encoding: 'base64', reason: 'utf8_invalid', receivedAtMs });
  assert.deepEqual(bytes.metadata['labels'], ['raw_data:base64']);
  const cut = rawEvent({
    text: 'abc',
    reason: 'line_too_long',
    receivedAtMs,
    whole: { bytes: 9_000_000, sha256: 'ff' },
  });
  assert.deepEqual([cut['raw_data_size'], cut.metadata['is_truncated']], [9_000_000, true]);
  for (const event of [plain, bytes, cut]) assert.deepEqual(schemaValidator()(event), []);
});

test('every recorded CloudTrail record becomes a valid event', { skip }, () => {
  const validate = schemaValidator();
  const folder = join(shared, 'cloudtrail/CloudTrail');
  let seen = 0;
  for (const name of readdirSync(folder)) {
    const records = parseObject(readFileSync(join(folder, name), 'utf8'))['Records'];
    assert.ok(Array.isArray(records));
    for (const record of records) {
      assert.ok(isObject(record));
      const event = run(record);
      assert.ok(event.class_uid === 6003 || event.class_uid === 3002);
      assert.deepEqual(validate(event), [], JSON.stringify(record));
      seen += 1;
    }
  }
  assert.ok(seen > 1000);
});
