import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findingBody, findingLevels, findingLimits, parseFinding, severityOfLevel } from './finding.ts';
import type { Finding } from './finding.ts';
import { isJsonObject } from './json-value.ts';
import type { JsonValue } from './ocsf.ts';

const text = (maxLength: number) => fc.string({ unit: 'grapheme', maxLength: Math.min(maxLength, 40) });
const optional = <Value>(name: string, value: fc.Arbitrary<Value>) =>
  fc.option(value, { nil: undefined }).map((some) => (some === undefined ? {} : { [name]: some }));
const position = fc.record({ log: fc.integer({ min: 1, max: 99 }), index: fc.nat() });

const attack = fc.oneof(
  fc.record({ tactic: text(20) }),
  fc.record({ technique: text(20) }),
  fc.record({ technique: text(20), subTechnique: text(20) }),
);

const name = fc.stringMatching(/^[a-z0-9:/._-]{1,20}$/);
const entities = fc
  .record(
    { source: name, process: name, identity: name, account: name, region: name, agent: name, agent_session: name },
    { requiredKeys: [] },
  )
  .filter((some) => Object.keys(some).length > 0);

const findings: fc.Arbitrary<Finding> = fc
  .record({
    uid: fc.stringMatching(/^[0-9a-f]{1,32}$/),
    title: text(findingLimits.title),
    createdAtMs: fc.nat(),
    level: fc.constantFrom(...findingLevels),
    rule: fc.tuple(fc.uuid(), optional('file', text(40))).map(([id, file]) => ({ id, ...file })),
    attacks: fc.array(attack, { maxLength: 4 }),
    input: position,
    generation: fc.integer({ min: 1, max: findingLimits.generation }),
    matched: fc.array(fc.record({ field: text(20), value: text(40) }), { maxLength: 8 }),
  })
  .chain((finding) =>
    fc
      .tuple(
        optional('description', text(40)),
        optional('response', text(40)),
        optional('host', text(20)),
        optional('user', text(20)),
        optional('entities', entities),
        optional('related', fc.array(position, { minLength: 1, maxLength: 5 })),
      )
      .map(([description, response, host, user, known, related]) =>
        structuredClone({ ...finding, ...description, ...response, ...host, ...user, ...known, ...related }),
      ),
  );

const sound: Finding = {
  uid: 'f1',
  title: 'Download with certutil',
  createdAtMs: 1_700_000_000_000,
  level: 'high',
  rule: { id: 'r1' },
  attacks: [],
  input: { log: 1, index: 42 },
  generation: 1,
  matched: [],
};

test('a finding survives its body, and the same finding gives the same bytes', () => {
  fc.assert(
    fc.property(findings, (finding) => {
      const written = JSON.stringify(findingBody(finding));
      const read: JsonValue = JSON.parse(written);
      assert.deepEqual(parseFinding(read), finding);
      assert.equal(JSON.stringify(findingBody(structuredClone(finding))), written);
    }),
  );
});

test('the severity of a body is that of its level', () => {
  assert.deepEqual(findingLevels.map(severityOfLevel), [1, 2, 3, 4, 5]);
  assert.equal(findingBody(sound).severity_id, 4);
});

test('what the event says is cut to the limits, in length and in number', () => {
  const long = { field: 'f'.repeat(1000), value: `${'v'.repeat(511)}\u{1F600}` };
  const read = parseFinding(
    findingBody({ ...sound, host: 'h'.repeat(5000), matched: Array.from({ length: 100 }, () => long) }),
  );
  assert.equal(read?.host?.length, findingLimits.value);
  assert.equal(read.matched.length, findingLimits.matched);
  assert.equal(read.matched[0]?.field.length, findingLimits.field);
  assert.equal(read.matched[0].value, `${'v'.repeat(511)}\u{FFFD}`);
});

test('a class 2004 event with raw_data came from outside and is no finding of ours', () => {
  assert.equal(parseFinding({ ...findingBody(sound), raw_data: '{}' }), undefined);
});

test('a body with a part missing or of another kind is no finding', () => {
  const body = findingBody(sound);
  const info = body['finding_info'];
  assert.ok(isJsonObject(info));
  for (const broken of [
    { ...body, class_uid: 1007 },
    { ...body, finding_info: [] },
    { ...body, finding_info: { ...info, uid: '' } },
    { ...body, finding_info: { ...info, uid: 'u'.repeat(257) } },
    { ...body, finding_info: { ...info, created_time: -1 } },
    { ...body, unmapped: { sallyport: null } },
    { ...body, unmapped: { sallyport: { generation: 4, input: '1/42', rule: { level: 'high' } } } },
    { ...body, unmapped: { sallyport: { generation: 1, input: '1/042', rule: { level: 'high' } } } },
    { ...body, unmapped: { sallyport: { generation: 1, input: '1/42', rule: { level: 'High' } } } },
  ]) {
    assert.equal(parseFinding(broken), undefined);
  }
});

test('parseFinding() never throws, and what it gives is within the limits', () => {
  const json = fc.jsonValue().map((value) => {
    const plain: JsonValue = JSON.parse(JSON.stringify(value));
    return plain;
  });
  const damaged = fc.tuple(findings, json, fc.nat()).map(([finding, noise, at]): JsonValue => {
    const body = findingBody(finding);
    const names = Object.keys(body);
    return { ...body, [names[at % names.length] ?? 'time']: noise };
  });
  fc.assert(
    fc.property(fc.oneof(json, damaged), (value) => {
      const read = parseFinding(value);
      if (read === undefined) return;
      assert.ok(read.title.length <= findingLimits.title && read.matched.length <= findingLimits.matched);
    }),
  );
});

test('a finding of a correlation names every event it rests on, up to the limit', () => {
  const related = Array.from({ length: findingLimits.related + 5 }, (_, index) => ({ log: 1, index }));
  const body = findingBody({ ...sound, related });
  const read: JsonValue = JSON.parse(JSON.stringify(body));
  assert.deepEqual(parseFinding(read)?.related, related.slice(0, findingLimits.related));
  const garbled = JSON.parse(
    JSON.stringify(body).replace('{"uid":"1/0"}', '{"uid":"nonsense"}').replace('{"uid":"1/1"}', 'null'),
  );
  assert.equal(parseFinding(garbled)?.related?.length, findingLimits.related - 2);
});
