import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventLimits, sigmaEventOf } from './event-view.ts';
import type { JsonObject } from './json.ts';

function fieldsOf(record: JsonObject): Record<string, unknown> {
  const fields = [...sigmaEventOf(record).entries()].map(([name, values]) => [
    name,
    values.map((value) => value.scalar),
  ]);
  return Object.fromEntries(fields);
}

function valuesOf(record: JsonObject, field: string): unknown[] | undefined {
  return sigmaEventOf(record)
    .valuesOf(field)
    ?.map((value) => value.scalar);
}

test('nested names are joined with dots, lists give several values, spaces are stripped', () => {
  assert.deepEqual(
    fieldsOf({
      userIdentity: { type: 'Root', tags: ['a', 'b'] },
      items: [{ 'port no': 22 }, { 'port no': 80 }],
      x: null,
    }),
    {
      'userIdentity.type': ['Root'],
      'userIdentity.tags': ['a', 'b'],
      'items.portno': [22, 80],
      x: [null],
    },
  );
});

test('a field that holds an object has its JSON text, which keywords do not see', () => {
  const record = { a: { b: { c: 1, d: ['x'] } }, e: [] };
  assert.deepEqual(valuesOf(record, 'a.b'), ['{"c":1,"d":["x"]}']);
  assert.deepEqual(valuesOf(record, 'e'), ['[]']);
  const event = sigmaEventOf(record);
  const before = [...event.entries()].length;
  event.valuesOf('a');
  assert.equal([...event.entries()].length, before);
});

test('a Windows event as converters of EVTX write it has the names Sigma uses', () => {
  const record = {
    Event: {
      '#attributes': { xmlns: 'http://schemas.microsoft.com/win/2004/08/events/event' },
      System: {
        Provider: { '#attributes': { Name: 'Service Control Manager', EventSourceName: 'SCM' } },
        EventID: { '#attributes': { Qualifiers: 16384 }, '#text': 7045 },
        Execution: { '#attributes': { ProcessID: 788 } },
        Channel: 'System',
        Correlation: null,
      },
      EventData: { ServiceName: 'x', 'Threat Name': 'y', Empty: null, __proto__x: 1 },
    },
    host: { name: 'a' },
  };
  assert.deepEqual(fieldsOf(record), {
    Provider_Name: ['Service Control Manager'],
    Provider_EventSourceName: ['SCM'],
    EventID_Qualifiers: [16384],
    EventID: [7045],
    Execution_ProcessID: [788],
    Channel: ['System'],
    Correlation: [null],
    ServiceName: ['x'],
    ThreatName: ['y'],
    Empty: [null],
    __proto__x: [1],
    'host.name': ['a'],
  });
});

test('lists of Data, attributes beside their element, and UserData are understood', () => {
  const data = {
    Data: [
      { '@Name': 'User', '#text': 'kim' },
      { '#attributes': { Name: 'Id' }, '#text': 5 },
      { '@Name': 'Nothing' },
      'bare',
    ],
  };
  const record = { System: { Provider_attributes: { Name: 'P' }, EventID: 1 }, EventData: data };
  assert.deepEqual(fieldsOf(record), {
    Provider_Name: ['P'],
    EventID: [1],
    User: ['kim'],
    Id: [5],
    Nothing: [null],
    Data: ['bare'],
  });
  const unnamed = { Event: { System: { EventID: 2 }, EventData: { Data: { '#text': ['a', 'b'] } } } };
  assert.deepEqual(valuesOf(unnamed, 'Data'), ['a', 'b']);
  const user = {
    Event: {
      System: { EventID: 1102 },
      UserData: { LogFileCleared: { '#attributes': { xmlns: 'x' }, SubjectUserName: 'kim' } },
    },
  };
  assert.deepEqual(valuesOf(user, 'SubjectUserName'), ['kim']);
});

test('a flat event has its provider under Sigma’s name, and 4688 the names of process creation; keywords see them once', () => {
  const record = {
    EventID: 4688,
    SourceName: 'Microsoft-Windows-Security-Auditing',
    NewProcessName: 'C:\\a.exe',
    ParentProcessName: 'C:\\b.exe',
  };
  assert.deepEqual(valuesOf(record, 'Provider_Name'), ['Microsoft-Windows-Security-Auditing']);
  assert.deepEqual(valuesOf(record, 'Image'), ['C:\\a.exe']);
  assert.deepEqual(valuesOf(record, 'ParentImage'), ['C:\\b.exe']);
  assert.deepEqual(Object.keys(fieldsOf(record)), ['EventID', 'SourceName', 'NewProcessName', 'ParentProcessName']);
  assert.equal(valuesOf({ EventID: 1, NewProcessName: 'x' }, 'Image'), undefined);
  assert.deepEqual(valuesOf({ ...record, Image: 'own' }, 'Image'), ['own'], 'an alias hides nothing');
});

test('names of the prototype are harmless', () => {
  const record: JsonObject = JSON.parse(
    '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"x":1}},"toString":"t"}',
  );
  assert.deepEqual(valuesOf(record, '__proto__.polluted'), ['yes']);
  assert.deepEqual(valuesOf(record, 'toString'), ['t']);
  assert.equal(valuesOf({}, 'toString'), undefined);
  assert.equal(valuesOf({}, '__proto__'), undefined);
  assert.equal(valuesOf({}, 'polluted'), undefined);
});

test('depth and number of values are bounded, and the event says so', () => {
  let deep: JsonObject = { leaf: 1 };
  for (let level = 0; level < 20_000; level += 1) deep = { a: deep };
  const flattened = sigmaEventOf(deep);
  assert.equal(flattened.truncated, true);
  assert.ok((flattened.valuesOf('a')?.[0]?.text.length ?? 0) < 1000);
  const wide = sigmaEventOf({ list: Array.from({ length: 100_000 }, (_, index) => index) });
  assert.equal(wide.truncated, true);
  assert.equal(wide.valuesOf('list')?.length, eventLimits.maxValues);
  let xml: JsonObject = { x: 1 };
  for (let level = 0; level < 20_000; level += 1) xml = { a: xml };
  assert.equal(sigmaEventOf({ Event: { System: xml, EventData: xml, UserData: xml } }).truncated, true);
});

test('names that multiply are left out, the rest of the event is seen', () => {
  const long = 'n'.repeat(500_000);
  const leaves = Object.fromEntries(Array.from({ length: 8000 }, (_, index) => [`k${index}`, index]));
  const attributes = Object.fromEntries(Array.from({ length: 8000 }, (_, index) => [`@k${index}`, index]));
  const before = process.memoryUsage().heapUsed;
  const event = sigmaEventOf({ [long]: leaves, Image: 'evil.exe' });
  const xml = sigmaEventOf({ Event: { System: { [long]: attributes, Image: 'evil.exe' } } });
  assert.ok(process.memoryUsage().heapUsed - before < 64 * 1024 * 1024);
  for (const seen of [event, xml]) {
    assert.equal(seen.truncated, true);
    assert.deepEqual(
      seen.valuesOf('Image')?.map(({ text }) => text),
      ['evil.exe'],
    );
    for (const [name] of seen.entries()) assert.ok(name.length <= eventLimits.maxNameLength);
  }
});

test('event data kept as one text is read, as JSON or XML, and hides nothing', () => {
  const flat = { EventID: 1, Provider: 'Microsoft-Windows-Sysmon' };
  const json = JSON.stringify({ Image: 'C:\\a.exe', ProcessId: 7, nested: { x: 1 }, __proto__: null });
  assert.deepEqual(valuesOf({ ...flat, EventData: json }, 'Image'), ['C:\\a.exe']);
  assert.deepEqual(valuesOf({ ...flat, EventData: json, Image: 'own' }, 'Image'), ['own']);
  const xml = '<EventData xmlns="x"><Data Name="Image">C:\\a &amp; b.exe</Data><Data Name="User"></Data></EventData>';
  assert.deepEqual(valuesOf({ ...flat, EventData: xml }, 'Image'), ['C:\\a & b.exe']);
  assert.deepEqual(valuesOf({ ...flat, EventData: xml }, 'User'), ['']);
  for (const text of ['{"a', '[1]', '{"Image":{"a":1}}', '<Data Name="Image">', '<Data Name="'.repeat(20_000), ''])
    assert.equal(valuesOf({ ...flat, EventData: text }, 'Image'), undefined);
  assert.equal(valuesOf({ EventData: json }, 'Image'), undefined, 'only of a Windows event');
});

test('any JSON gives a bounded event', () => {
  const objects = fc.dictionary(
    fc.oneof(
      fc.string(),
      fc.constantFrom('Event', 'System', 'EventData', 'Data', '#attributes', '#text', '@Name', '__proto__'),
    ),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(objects, (object) => {
      const record: JsonObject = JSON.parse(JSON.stringify(object));
      const event = sigmaEventOf(record);
      let count = 0;
      for (const [name, values] of event.entries()) {
        assert.ok(!name.includes(' '));
        count += values.length;
      }
      assert.ok(count <= eventLimits.maxValues);
    }),
  );
});
