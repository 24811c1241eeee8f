import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, OcsfEvent } from './event.ts';
import { normalise, rawEvent, remap, remappedFrom } from './index.ts';
import { createMapper, recordEvent, withRecord } from './mapping/index.ts';

const mapping = (version: number, set: string) => `
name: door
version: ${version}
format: json
when: { kind: door }
class: 3002
activity: 1
set:
  metadata.product.name: Doors
  user.name: $who
  service.name: door
  ${set}
`;
const mapperOf = (text: string) => createMapper([{ name: 'door.yaml', text }]);
const none = createMapper([]);
const old = mapperOf(mapping(1, 'status_id: 1'));
const today = mapperOf(mapping(2, 'src_endpoint.ip: $from'));

const door = { kind: 'door', who: 'ada', from: '10.1.2.3' };
const reporter = { uid: 'k1', name: 'web-1' };

function sealed(record: JsonObject, mapper = old, rawText = JSON.stringify(record)): OcsfEvent {
  const event = normalise(record, rawText, { receivedAtMs: 7, mapper });
  return { ...event, metadata: { ...event.metadata, reporter } };
}

test('an event is shown by the newer mapping and says so; original, reporter and unclaimed time stay', () => {
  const event = sealed(door);
  const shown = remap(event, today) ?? assert.fail();
  assert.deepEqual(shown['src_endpoint'], { ip: '10.1.2.3' });
  assert.equal(shown['status_id'], undefined);
  assert.equal(shown.time, 7);
  assert.equal(shown.raw_data, event.raw_data);
  assert.deepEqual(shown.metadata['reporter'], reporter);
  assert.deepEqual(remappedFrom(shown), { sealed: 'door@1', by: 'door@2' });
  assert.equal(remappedFrom(event), undefined);
  assert.deepEqual(remappedFrom(remap(sealed(door, none), today) ?? {}), { by: 'door@2' });
  assert.deepEqual(remappedFrom(remap(event, none) ?? {}), { sealed: 'door@1' });
});

test('with the mappings it was sealed by nothing changes, whatever the record; nor when only the order of names does', () => {
  const recorded = (record: JsonObject): OcsfEvent =>
    recordEvent('auth', record, { rawText: 'as received', receivedAtMs: 9, mapper: old, isParsed: true });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (claims, isDoor) => {
      const record: JsonObject = JSON.parse(JSON.stringify(isDoor ? { ...claims, ...door } : claims));
      const wrapped = withRecord(normalise(record, 'x', { receivedAtMs: 9, mapper: old }), 'json', record);
      for (const event of [sealed(record), recorded(record), wrapped]) {
        const back: JsonObject = JSON.parse(JSON.stringify(event));
        assert.equal(remap(back, old), undefined);
        assert.equal(remap(Object.fromEntries(Object.entries(back).toReversed()), old), undefined);
      }
    }),
  );
});

test('events of our own, what was kept raw and what left neither record nor JSON stay as they are', () => {
  const { raw_data: rawData, ...own } = sealed(door);
  assert.equal(remap(own, today), undefined);
  const text = JSON.stringify(door);
  assert.equal(remap(rawEvent({ text, reason: 'json_too_deep', receivedAtMs: 1 }), today), undefined);
  assert.equal(remap(sealed({ message: 'x' }, none, 'plain text'), today), undefined);
  assert.equal(rawData, text);
});

test('a sender cannot give the record to read, the mark, the reporter, or an event of another origin', () => {
  const claim = {
    class_uid: 0,
    category_uid: 0,
    activity_id: 0,
    type_uid: 0,
    severity_id: 0,
    time: 5,
    metadata: { version: '1.8.0', product: { name: 'x' }, log_format: 'json', reporter: { uid: 'forged' } },
    unmapped: { record: door, sallyport: { format: 'json', remapped: { by: 'door@9' } } },
  };
  const event = sealed(claim);
  assert.equal(remappedFrom(event), undefined);
  assert.equal(remap(event, today), undefined, 'its record is not one that a parser of ours made');
  const inRecord = sealed({ ...door, unmapped: { sallyport: { remapped: { by: 'door@9' } } } });
  const shown = remap(inRecord, today) ?? assert.fail();
  assert.deepEqual(remappedFrom(shown), { sealed: 'door@1', by: 'door@2' });
  assert.deepEqual(shown.metadata['reporter'], reporter);
});

test('no body makes it do anything but answer, be it one no intake made', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), fc.string(), (body, unmapped, text) => {
      const value: JsonObject = JSON.parse(
        JSON.stringify({ ...body, unmapped, raw_data: text, time: 1, metadata: { log_format: text } }),
      );
      const shown = remap(value, today);
      if (shown !== undefined) assert.equal(shown.raw_data, text);
    }),
  );
  const parsed: JsonObject = JSON.parse(
    '{"raw_data":"{\\"__proto__\\":{\\"kind\\":\\"door\\"}}","time":1,"__proto__":{"x":1}}',
  );
  assert.equal(remap(parsed, today)?.['user'], undefined);
});
