import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAnswerReader, type HttpAnswer } from './answer-reader.ts';

const ok = 'HTTP/1.1 200 OK\r\n';

/** What is made of these pieces, and of the end of the connection after them where `closes`; how often the server said that it is there. */
function read(pieces: readonly (string | Buffer)[], { closes = false, maxBytes = 1000 } = {}) {
  let interims = 0;
  const reader = createAnswerReader({ maxBytes, onInterim: () => (interims += 1) });
  let answer: HttpAnswer | undefined;
  for (const piece of pieces) answer ??= reader.take(Buffer.from(piece));
  return { answer: closes ? (answer ?? reader.end()) : answer, interims };
}

test('an answer is read with its length, in chunks, until the end, and without a body', () => {
  const answers: [text: string, answer: HttpAnswer][] = [
    [`${ok}content-length: 2\r\n\r\n{}and what follows`, { status: 200, body: '{}' }],
    ['HTTP/1.1 401 \r\nContent-Length:0\r\n\r\n', { status: 401, body: '' }],
    [
      `${ok}Transfer-Encoding: Chunked\r\n\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\nlast: 1\r\n\r\n`,
      { status: 200, body: '{}' },
    ],
    ['HTTP/1.1 204 No Content\r\n\r\n', { status: 204, body: '' }],
    ['HTTP/1.1 503\r\ncontent-length: 1\r\n\r\nx', { status: 503, body: 'x' }],
  ];
  for (const [text, answer] of answers) assert.deepEqual(read([text]).answer, answer);
  assert.deepEqual(read([`${ok}\r\n{}`], { closes: true }).answer, { status: 200, body: '{}' });
  assert.deepEqual(read(['HTTP/1.0 200 OK\r\n\r\n{}'], { closes: true }).answer, { status: 200, body: '{}' });
  const waited = read(['HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 \r\n\r\n', `${ok}content-length: 1\r\n\r\nx`]);
  assert.deepEqual(waited, { answer: { status: 200, body: 'x' }, interims: 2 });
});

test('what is no answer, or has two meanings, is refused', () => {
  const wrong = [
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 600 OK\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    ' HTTP/1.1 200 OK\r\n\r\n',
    '220 mail.example ESMTP\r\n\r\n',
    `${ok}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`,
    `${ok}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
    `${ok}content-length: 2, 2\r\n\r\n{}`,
    `${ok}content-length: +2\r\n\r\n{}`,
    `${ok}content-length: 0x2\r\n\r\n{}`,
    `${ok}content-length:\r\n\r\n{}`,
    `${ok}content-length : 2\r\n\r\n{}`,
    `${ok}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${ok}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${ok}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    `${ok}transfer-encoding: chunked\r\n\r\n-1\r\n`,
    `${ok}transfer-encoding: chunked\r\n\r\n1_0\r\n`,
    `${ok}transfer-encoding: chunked\r\n\r\n\r\n`,
    `${ok}transfer-encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n`,
    `${ok}x: a\nb\r\n\r\n`,
    `${ok}x: a\r\n folded\r\n\r\n`,
    `${ok}x: \0\r\n\r\n`,
    `${ok}no field\r\n\r\n`,
    `${ok}x: ${'y'.repeat(17_000)}`,
    `${ok}x: ${'y'.repeat(17_000)}\r\n\r\n`,
    `${ok}transfer-encoding: chunked\r\n\r\n1;${'y'.repeat(2000)}`,
    `${ok}transfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(100)}\r\n`,
    `${ok}content-length: 1001\r\n\r\n${'x'.repeat(1001)}`,
    `${ok}transfer-encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}`,
    `${ok}\r\n${'x'.repeat(1001)}`,
  ];
  for (const text of wrong) assert.throws(() => read([text]), /no HTTP|too long/, JSON.stringify(text.slice(0, 80)));
  const cut = ['', ok, `${ok}content-length: 2\r\n\r\n{`, `${ok}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`];
  for (const text of cut) assert.throws(() => read([text], { closes: true }), /closed/);
});

test('an answer is the same in whatever pieces it comes', () => {
  const answer = fc.record({
    status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
    body: fc.string({ maxLength: 60, unit: 'binary' }),
    chunks: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    interims: fc.nat({ max: 2 }),
    cuts: fc.array(fc.nat({ max: 200 }), { maxLength: 20 }),
  });
  fc.assert(
    fc.property(answer, ({ status, body, chunks, interims, cuts }) => {
      const bytes = Buffer.from(body);
      const parts = [`${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(interims)}HTTP/1.1 ${status} X\r\n`];
      const whole: (string | Buffer)[] = [];
      if (chunks === undefined) whole.push(...parts, `content-length: ${bytes.length}\r\n\r\n`, bytes);
      else {
        whole.push(...parts, 'transfer-encoding: chunked\r\n\r\n');
        for (let at = 0; at < bytes.length; at += chunks) {
          const some = bytes.subarray(at, at + chunks);
          whole.push(`${some.length.toString(16)}\r\n`, some, '\r\n');
        }
        whole.push('0\r\n\r\n');
      }
      const all = Buffer.concat(whole.map((part) => Buffer.from(part)));
      const ends = [...new Set([...cuts.filter((cut) => cut < all.length), all.length])].toSorted((a, b) => a - b);
      const pieces = ends.map((end, index) => all.subarray(ends[index - 1] ?? 0, end));
      assert.deepEqual(read(pieces), { answer: { status, body: bytes.toString('utf8') }, interims });
    }),
  );
});

test('whatever bytes come, it ends, and keeps no more than it may', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(
      ok,
      '\r\n',
      '\r\n\r\n',
      'transfer-encoding: chunked\r\n',
      'content-length: 7\r\n',
      'ff\r\n',
      '0\r\n',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        const { answer } = read(pieces, { closes: true, maxBytes: 100 });
        assert.ok((answer?.body.length ?? 0) <= 100);
      } catch (error) {
        assert.ok(error instanceof Error && /no HTTP|too long|closed/.test(error.message), String(error));
      }
    }),
    { numRuns: 500 },
  );
});
