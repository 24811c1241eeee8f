import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { idNear, readMessage, wireOf, type ReadMessage } from './json-rpc.ts';
import { createLineReader } from './line-reader.ts';
import { createSseReader } from './sse-reader.ts';

function read(chunks: readonly Buffer[], maxBytes = 1000): ReadMessage[] {
  const messages: ReadMessage[] = [];
  const reader = createLineReader({ maxBytes, onMessage: (message) => void messages.push(message) });
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return messages;
}

/** The bytes cut where the numbers say. */
function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const id = fc.oneof(fc.integer(), fc.string({ maxLength: 50 }));
const body = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 });
const method = fc.string({ minLength: 1, maxLength: 100 });
const message = fc.oneof(
  fc.record({ jsonrpc: fc.constant('2.0'), id, method, params: body }),
  fc.record({ jsonrpc: fc.constant('2.0'), method, params: body }),
  fc.record({ jsonrpc: fc.constant('2.0'), id, result: body }),
  fc.record({ jsonrpc: fc.constant('2.0'), id, error: fc.record({ code: fc.integer(), message: fc.string() }) }),
);

test('messages are the same however the bytes are cut, and what is written is read the same again', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat()), (messages, at) => {
      const bytes = Buffer.from(messages.map((one) => `${JSON.stringify(one)}\n`).join(''));
      const found = read(cut(bytes, at), 100_000);
      assert.equal(found.length, messages.length);
      for (const one of found) {
        assert.notEqual(one.kind, 'refused');
        if (one.kind !== 'refused') assert.deepEqual(readMessage(wireOf(one)), one);
      }
    }),
  );
});

test('any bytes whatever are read in bounds, and each line is one message or one refusal', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), fc.array(fc.nat()), (lines, at) => {
      const all = Buffer.concat(
        lines.flatMap((line) => [Buffer.from(line.filter((byte) => byte !== 10)), Buffer.from('\n')]),
      );
      const found = read(cut(all, at), 64);
      const some = lines.filter((line) => line.some((byte) => ![9, 10, 13, 32].includes(byte)) || line.length > 64);
      assert.ok(found.length <= lines.length);
      assert.ok(found.length >= some.length - lines.filter((line) => line.includes(10)).length);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void readMessage(text)));
  fc.assert(fc.property(fc.json(), (text) => void readMessage(text)));
});

test('a line that is too long is one refusal with the id it had, and the next line is read', () => {
  const long = JSON.stringify({ jsonrpc: '2.0', id: 5, result: { a: 'x'.repeat(5000) } });
  const next = JSON.stringify({ jsonrpc: '2.0', id: 6, result: {} });
  const sdk = JSON.stringify({ result: { a: 'x'.repeat(5000) }, jsonrpc: '2.0', id: 7 });
  const [first, second, third] = read([Buffer.from(`${long}\n${next}\n${sdk}\n`)]);
  assert.deepEqual(first, { kind: 'refused', code: -32600, reason: 'longer than 1000 bytes', id: 5 });
  assert.equal(second?.kind, 'response');
  assert.deepEqual(third?.kind === 'refused' && third.id, 7);
  assert.deepEqual(idNear('{"params":{"id":3},"x":1'), {});
});

test('batches, other versions, ids that are none and what is nested too deep are refused', () => {
  for (const [text, why] of [
    ['[]', /batch/],
    ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', /batch/],
    ['{"id":1,"method":"ping"}', /2\.0/],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', /"id"/],
    ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', /"id"/],
    ['{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', /"id"/],
    ['{"jsonrpc":"2.0","id":1,"method":""}', /"method"/],
    ['{"jsonrpc":"2.0","id":1,"method":"a","result":{}}', /both/],
    ['{"jsonrpc":"2.0","id":1,"method":"a","params":[1]}', /"params"/],
    ['{"jsonrpc":"2.0","id":1}', /either/],
    ['{"jsonrpc":"2.0","result":{}}', /without "id"/],
    [`{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":${'['.repeat(100)}${']'.repeat(100)}}}`, /deeper/],
    ['"text"', /no object/],
    ['{', /no JSON/],
  ] as const) {
    const found = readMessage(text);
    assert.equal(found.kind, 'refused', text);
    if (found.kind === 'refused') assert.match(found.reason, why, text);
  }
});

test('a name that stands twice is what the judge saw, and nothing else is sent', () => {
  const found = readMessage('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}} ');
  assert.ok(found.kind === 'request');
  assert.equal(wireOf(found), '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"b"}}');
});

test('events are the same however the stream is cut, in bounds', () => {
  const lines = fc.array(
    fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/[\r\n]/g, '')),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(
      fc.array(lines, { maxLength: 4 }),
      fc.array(fc.nat()),
      fc.constantFrom('\n', '\r\n', '\r'),
      (events, at, end) => {
        const text = events
          .map(
            (data) =>
              `: sign of life${end}event: message${end}${data.map((one) => `data: ${one}${end}`).join('')}${end}`,
          )
          .join('');
        const found: string[] = [];
        const reader = createSseReader({
          maxBytes: 1000,
          onData: (data) => void found.push(data),
          onTooLong: () => undefined,
        });
        for (const chunk of cut(Buffer.from(text), at)) reader.push(chunk);
        assert.deepEqual(
          found,
          events.filter((data) => data.length > 0).map((data) => data.join('\n')),
        );
      },
    ),
  );
  let tooLong = 0;
  const found: string[] = [];
  const reader = createSseReader({
    maxBytes: 100,
    onData: (data) => void found.push(data),
    onTooLong: () => void (tooLong += 1),
  });
  for (let part = 0; part < 100; part += 1) reader.push(Buffer.from('data: xxxxxxxxxxxx'));
  reader.push(Buffer.from('\ndata: more\n\ndata: next\n\n'));
  assert.deepEqual([found, tooLong], [['next'], 1]);
});
