import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { examples, processFields, sysmon } from './examples-testing.ts';
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
    transformation_info_list: [{ name: 'windows', uid: 'windows@1' }],
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

test('a record that says it is made up is marked, whatever its kind, and nothing else of it changes', () => {
  for (const record of [
    { EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Image: 'C:\\a.exe' },
    { message: 'plain' },
    { class_uid: 3002, category_uid: 3, type_uid: 300_201, activity_id: 1, metadata: { version: '1.8.0' }, time: 1 },
  ]) {
    const text = JSON.stringify(record);
    const plain = normalise(record, text, { receivedAtMs: 1 });
    const { unmapped = {}, ...marked } = normalise({ ...record, synthetic: true }, text, { receivedAtMs: 1 });
    assert.equal(Object.hasOwn(Object(unmapped), 'synthetic'), true);
    const { unmapped: _unmapped, ...rest } = plain;
    assert.deepEqual(marked, rest);
    assert.doesNotMatch(
      JSON.stringify(normalise({ ...record, synthetic: 'yes' }, text, { receivedAtMs: 1 }).unmapped ?? {}),
      /true/,
    );
  }
});
