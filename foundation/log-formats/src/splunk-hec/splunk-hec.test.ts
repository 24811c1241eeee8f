import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeHecEvents } from './encode-hec-testing.ts';
import { breakHecRaw, defaultHecLimits, hecReplies, hecReplyBody, parseHecEvents } from './index.ts';

test('objects one after the other are events, with the metadata Splunk defines', () => {
  const parsed = parseHecEvents(
    '{"time": 1426279439.123, "host": "localhost", "source": "random", "sourcetype": "json", "index": "main", "event": {"hello": "world"}}{"event":"Pony 1 has } and \\" in it","time":"1426279440"}\n\n{"event":1,"fields":{"club":"glee","wins":["a",2]}}',
  );
  assert(parsed.ok);
  assert.deepEqual(
    parsed.value.map((event) => [event.unixMs, event.event]),
    [
      [1_426_279_439_123, { hello: 'world' }],
      [1_426_279_440_000, 'Pony 1 has } and " in it'],
      [undefined, 1],
    ],
  );
  assert.deepEqual(
    [parsed.value[0]?.host, parsed.value[0]?.index, parsed.value[2]?.fields],
    [
      'localhost',
      'main',
      new Map<string, unknown>([
        ['club', 'glee'],
        ['wins', ['a', 2]],
      ]),
    ],
  );
  assert.equal(parsed.value[1]?.original, '{"event":"Pony 1 has } and \\" in it","time":"1426279440"}');
});

test('times of larger magnitude are milliseconds, microseconds and nanoseconds', () => {
  for (const time of [1_426_279_439.5, 1_426_279_439_500, 1_426_279_439_500_000, 1_426_279_439_500_000_000]) {
    const parsed = parseHecEvents(encodeHecEvents([{ time, event: 'x' }]));
    assert.equal(parsed.ok ? parsed.value[0]?.unixMs : 0, 1_426_279_439_500);
  }
});

test('a fault says which event it is in, and the sound ones before it are there', () => {
  const fault = (text: string, limits = defaultHecLimits): unknown => {
    const parsed = parseHecEvents(text, limits);
    return parsed.ok ? 'ok' : [parsed.code, parsed.invalidEventNumber, parsed.before.length];
  };
  assert.deepEqual(fault(' \n'), ['no_data', 0, 0]);
  assert.deepEqual(fault('{"event":"a"}{"event":'), ['invalid_data_format', 1, 1]);
  assert.deepEqual(fault('{"event":"a"} x'), ['invalid_data_format', 1, 1]);
  assert.deepEqual(fault('{"host":"a"}'), ['event_required', 0, 0]);
  assert.deepEqual(fault('{"event":null}'), ['event_required', 0, 0]);
  assert.deepEqual(fault('{"event":""}'), ['event_blank', 0, 0]);
  assert.deepEqual(fault('{"event":1,"fields":{"a":{"b":1}}}'), ['indexed_fields', 0, 0]);
  assert.deepEqual(fault('{"event":1,"fields":{"a":[{}]}}'), ['indexed_fields', 0, 0]);
  assert.deepEqual(fault('{"event":1,"time":"soon"}'), ['invalid_data_format', 0, 0]);
  assert.deepEqual(fault('{"event":1,"time":1e300}'), ['invalid_data_format', 0, 0]);
  assert.deepEqual(fault(`{"event":${'['.repeat(100)}${']'.repeat(100)}}`), ['invalid_data_format', 0, 0]);
  assert.deepEqual(fault('{"event":1}{"event":1}', { ...defaultHecLimits, maxEvents: 1 }), [
    'hec_too_many_events',
    1,
    1,
  ]);
  assert.deepEqual(fault('{"event":1}', { ...defaultHecLimits, maxCharacters: 5 }), ['hec_too_large', 0, 0]);
});

test('replies carry the code and the number of the event', () => {
  assert.equal(hecReplyBody('success'), '{"text":"Success","code":0}');
  assert.equal(
    hecReplyBody('invalid_data_format', { invalidEventNumber: 3 }),
    '{"text":"Invalid data format","code":6,"invalid-event-number":3}',
  );
  assert.equal(new Set(Object.values(hecReplies).map((reply) => reply.code)).size, Object.keys(hecReplies).length);
});

test('raw bodies break at line ends; long lines are cut and say so', () => {
  assert.deepEqual(
    breakHecRaw('a\r\n\nb\rc', { maxLines: 9, maxLineCharacters: 9 }).lines.map((line) => line.text),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(breakHecRaw('abcdef\ng\nh', { maxLines: 2, maxLineCharacters: 4 }), {
    lines: [
      { text: 'abcd', droppedCharacters: 2 },
      { text: 'g', droppedCharacters: 0 },
    ],
    rest: 'h',
  });
  assert.equal(breakHecRaw('a\n'.repeat(60_000)).lines.length, 60_000);
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', '\n', '\r', 'bc')).map((pieces) => pieces.join('')),
      (text) => {
        assert.deepEqual(
          breakHecRaw(text).lines.map((line) => line.text),
          text.split(/[\r\n]+/).filter((line) => line !== ''),
        );
      },
    ),
  );
});

test('what was sent comes back, however it was joined; any text gets an answer', () => {
  const event = fc.record(
    {
      time: fc.nat(2_000_000_000),
      host: fc.string(),
      event: fc.jsonValue().filter((value) => value !== null && value !== ''),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 5 }),
      fc.constantFrom('', ' ', '\n', '\r\n\t'),
      (events, between) => {
        const parsed = parseHecEvents(encodeHecEvents(events, between));
        assert(parsed.ok);
        assert.deepEqual(
          parsed.value.map((got) => JSON.stringify(got.event)),
          events.map((sent) => JSON.stringify(sent.event)),
        );
        assert.deepEqual(
          parsed.value.map((got) => got.host),
          events.map((sent) => sent.host),
        );
      },
    ),
  );
  fc.assert(
    fc.property(
      fc
        .array(fc.constantFrom('{', '}', '"', '\\', '"event":', '1', ' ', '[', ']', ','))
        .map((pieces) => pieces.join('')),
      (text) => {
        const parsed = parseHecEvents(text);
        if (!parsed.ok) assert(parsed.at >= 0 && parsed.at <= text.length);
      },
    ),
  );
});
