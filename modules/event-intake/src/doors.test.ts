import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import fc from 'fast-check';
import { startHouse } from './intake-testing.ts';
import type { IntakeHouse } from './intake-testing.ts';

const failed = 'Oct 11 22:14:15 web-1 sshd[9]: Failed password for root from 203.0.113.7 port 4022 ssh2';

function at(event: JsonObject | undefined, ...path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = event;
  for (const step of path) value = value !== undefined && isJsonObject(value) ? value[step] : undefined;
  return value;
}

async function hec(
  house: IntakeHouse,
  path: string,
  body: string | Uint8Array,
  headers = {},
): Promise<[number, unknown]> {
  const reply = await house.post(`/services/collector${path}`, body, headers);
  return [reply.status, await reply.json()];
}

test('who sends much while detection is far behind is told to come again, at every door that is asked', async (t) => {
  let behind = 0;
  const limits = { maxBehind: 1000, quietBytesPerMinute: 64 };
  const house = await startHouse(t, { behind: () => behind, limits });
  const line = `{"message":"${'x'.repeat(100)}"}\n`;
  assert.equal((await house.send(line)).status, 200);
  behind = 1001;
  const refused = await house.send(line);
  assert.deepEqual(
    [refused.status, refused.body['code'], refused.body['details']],
    [503, 'overloaded', { retryAfterSeconds: 5 }],
  );
  assert.equal((await hec(house, '/event', `{"event":"x"}`))[0], 503);
  behind = 1000;
  assert.equal((await house.send(line)).status, 200);
  assert.equal(house.bodies().length, 2);
});

test('lines of syslog become what they say, counted or a line each, and keep their text', async (t) => {
  const house = await startHouse(t);
  const counted = `<38>${failed}`;
  const answer = await house.send(`${counted.length} ${counted}${counted.length} ${counted}`, {
    query: '?source=a',
    headers: { 'content-type': 'application/x-syslog' },
  });
  assert.deepEqual([answer.status, answer.body['accepted'], answer.body['kept_raw']], [200, 2, 0]);
  await house.send(gzipSync(`<38>${failed}\n\nno syslog at all\n`), {
    query: '?source=b&format=auto&zone=%2B05:30',
    headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
  });
  const events = house.bodies();
  assert.deepEqual(
    events.map((event) => event['class_uid']),
    [3002, 3002, 3002, 0],
  );
  assert.equal(events[0]?.['raw_data'], counted);
  assert.equal(Number(events[0]?.['time']) - Number(events[2]?.['time']), 330 * 60_000);
  assert.equal(at(events[3], 'unmapped', 'record', 'message'), 'no syslog at all');
});

test('a message that is no syslog is kept with its reason', async (t) => {
  const house = await startHouse(t);
  const headers = { 'content-type': 'text/plain' };
  const answer = await house.send('CEF:7|x\ntype=USER_LOGIN', { query: '?format=cef', headers });
  assert.deepEqual(answer.body['reasons'], [
    { sequence: 0, code: 'cef_invalid' },
    { sequence: 1, code: 'cef_invalid' },
  ]);
  assert.equal(house.bodies()[0]?.['raw_data'], 'CEF:7|x');
});

const regression = join(import.meta.dirname, '../../../../shared/data/sigma-regression');
const skip = existsSync(regression) ? false : `no recorded logs in ${regression}`;

test('Windows logs in binary form and as XML give the events that their JSON gives', { skip }, async (t) => {
  const house = await startHouse(t);
  const files = readdirSync(regression, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.evtx'))
    .slice(0, 40);
  assert.ok(files.length > 10);
  for (const file of files) {
    const answer = await house.send(readFileSync(join(regression, file)), {
      query: '?source=evtx',
      headers: { 'content-type': 'application/x-evtx' },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.body['kept_raw'], 0, file);
    const recorded = readFileSync(join(regression, file.replace(/\.evtx$/, '.json')), 'utf8');
    const other = await house.send(recorded, {
      query: '?source=json',
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(answer.body['accepted'], other.body['accepted'], file);
  }
  const events = house.bodies();
  const classes = (source: string): unknown[] =>
    house.ledger.events().flatMap(({ position, body }) => {
      if (house.ledger.collectorAt(position) !== `intake/${source}`) return [];
      const event: JsonObject = JSON.parse(Buffer.from(body ?? []).toString('utf8'));
      // White space at the end, which the recorded JSON lacks, is kept.
      return [[event['class_uid'], event['activity_id'], textOf(at(event, 'process', 'cmd_line')).trimEnd()]];
    });
  assert.ok(events.length > 20);
  assert.deepEqual(classes('evtx'), classes('json'));
});

test('Windows event XML is cut into its events, and rules see the fields', async (t) => {
  const house = await startHouse(t);
  const event = (id: number): string =>
    `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-Sysmon"/><EventID>${id}</EventID><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>ws5</Computer><TimeCreated SystemTime="2025-10-11T22:14:15.003Z"/></System><EventData><Data Name="ProcessId">7</Data><Data Name="ProcessGuid">{A}</Data><Data Name="Image">C:\\a.exe</Data><Data Name="ParentProcessId">1</Data></EventData></Event>`;
  const headers = { 'content-type': 'application/xml' };
  const answer = await house.send(`<?xml version="1.0"?>\n<Events>${event(1)}\n${event(5)}</Events>`, { headers });
  assert.deepEqual([answer.body['accepted'], answer.body['kept_raw']], [2, 0]);
  const broken = await house.send(`${event(1)} stray <Event><x></Event>`, { headers });
  assert.deepEqual([broken.body['accepted'], broken.body['kept_raw']], [3, 2]);
  assert.equal(house.bodies()[0]?.['class_uid'], 1007);
  assert.equal(at(house.bodies()[0], 'unmapped', 'record', 'Event', 'EventData', 'Image'), 'C:\\a.exe');
});

test('the event collector takes events, lines and gzip, and answers as Splunk does', async (t) => {
  const house = await startHouse(t);
  assert.deepEqual(
    await hec(
      house,
      '/event',
      `{"event":"${failed}","host":"h","sourcetype":"linux_secure"}{"time":1760220855.5,"event":{"a":1},"fields":{"f":"x"}}`,
    ),
    [200, { text: 'Success', code: 0 }],
  );
  assert.deepEqual(
    await hec(house, '/raw?host=gw&sourcetype=syslog', gzipSync(`${failed}\r\n${failed}`), {
      'content-encoding': 'gzip',
    }),
    [200, { text: 'Success', code: 0 }],
  );
  const [signIn, object, line] = house.bodies();
  assert.equal(signIn?.['class_uid'], 3002);
  assert.equal(at(signIn, 'unmapped', 'record', 'sourcetype'), 'linux_secure');
  assert.equal(object?.['time'], 1_760_220_855_500);
  assert.equal(at(object, 'unmapped', 'record', 'f'), 'x');
  assert.equal(line?.['class_uid'], 3002);
  assert.equal(house.bodies().length, 4);
  const health = await fetch(`http://127.0.0.1:${house.port}/services/collector/health`);
  assert.deepEqual([health.status, await health.json()], [200, { text: 'HEC is healthy', code: 17 }]);
});

test('what the event collector refuses has Splunk’s code, and sound events before a fault are kept', async (t) => {
  const house = await startHouse(t);
  for (const [body, answer] of [
    ['', [400, { text: 'No data', code: 5 }]],
    ['no json', [400, { text: 'Invalid data format', code: 6, 'invalid-event-number': 0 }]],
    ['{"event":"a"}{"host":"b"}', [400, { text: 'Event field is required', code: 12, 'invalid-event-number': 1 }]],
    ['{"event":""}', [400, { text: 'Event field cannot be blank', code: 13, 'invalid-event-number': 0 }]],
  ] as const)
    assert.deepEqual(await hec(house, '', body), answer, body);
  assert.deepEqual(
    house.bodies().map((event) => event['raw_data']),
    ['{"event":"a"}'],
  );
  assert.deepEqual(await hec(house, '/ack', '{"acks":[1]}'), [400, { text: 'ACK is disabled', code: 14 }]);
  assert.equal((await hec(house, '', Buffer.alloc(9 * 1024 * 1024, '{"event":"a"}')))[0], 413);
});

const otlpRecord = { timeUnixNano: '1760220855003000000', severityNumber: 9, body: { stringValue: `<38>${failed}` } };

test('OTLP takes JSON and protobuf, and what cannot be read is partial success', async (t) => {
  const house = await startHouse(t);
  const resource = { attributes: [{ key: 'host.name', value: { stringValue: 'node-1' } }] };
  const request = { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [otlpRecord, { body: 5 }] }] }] };
  const json = await house.post('/v1/logs', JSON.stringify(request), { 'content-type': 'application/json' });
  const answer: unknown = await json.json();
  assert.equal(json.status, 200);
  assert.match(JSON.stringify(answer), /"rejectedLogRecords":"1"/);
  const [event] = house.bodies();
  assert.equal(event?.['class_uid'], 3002);
  assert.equal(at(event, 'unmapped', 'record', 'SourceIp'), '203.0.113.7');
  const broken = await house.post('/v1/logs', Buffer.from([0xff, 0xff]), { 'content-type': 'application/x-protobuf' });
  assert.equal(broken.status, 400);
  assert.equal(Buffer.from(await broken.arrayBuffer())[0], 0x12);
});

test('whatever bytes come through a door, it answers with a code and takes the next ones', async (t) => {
  const house = await startHouse(t);
  const doors: readonly (readonly [string, string])[] = [
    ['/services/collector', 'application/json'],
    ['/services/collector/raw', 'text/plain'],
    ['/v1/logs', 'application/json'],
    ['/v1/logs', 'application/x-protobuf'],
    ['/v1/events', 'application/x-evtx'],
    ['/v1/events', 'application/xml'],
    ['/v1/events', 'application/x-syslog'],
    ['/v1/events', 'text/plain'],
  ];
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .constantFrom('{"event":', '<Event>', '<34>1 ', 'ElfFile\0', '12 <13>', '{"resourceLogs":[{}]}')
      .chain((start) =>
        fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.from([...Buffer.from(start), ...rest])),
      ),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...doors), bytes, async ([path, type], body) => {
      const reply = await house.post(path, body, { 'content-type': type });
      assert.ok([200, 400, 413].includes(reply.status), `${path} ${type}: ${reply.status} ${await reply.text()}`);
      await reply.arrayBuffer().catch(() => undefined);
    }),
    { numRuns: 150 },
  );
});
