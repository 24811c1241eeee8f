import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeOctetCounted } from './encode-syslog-testing.ts';
import { createSyslogFramer } from './index.ts';
import type { SyslogFrame, SyslogFramerOptions } from './index.ts';

function run(
  stream: string | Uint8Array,
  options: SyslogFramerOptions = {},
  cuts: readonly number[] = [],
): [string, SyslogFrame['state'], number][] {
  const framer = createSyslogFramer(options);
  const bytes = Buffer.from(stream);
  const frames: SyslogFrame[] = [];
  const held: number[] = [];
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    // A copy that is overwritten afterwards: what the framer holds must be its own.
    const chunk = Uint8Array.from(bytes.subarray(at, at + cut));
    frames.push(...framer.push(chunk).map((frame) => ({ ...frame, bytes: Uint8Array.from(frame.bytes) })));
    chunk.fill(0xee);
    held.push(framer.heldBytes());
    at += cut;
  }
  frames.push(...framer.end());
  assert(Math.max(...held) <= (options.maxMessageBytes ?? 65_536) + 11);
  return frames.map((frame) => [Buffer.from(frame.bytes).toString('utf8'), frame.state, frame.droppedBytes]);
}

const plain = (stream: string | Uint8Array, options: SyslogFramerOptions = {}): string[] =>
  run(stream, options).map(([text]) => text);

test('octet counted messages may hold line feeds and NULs', () => {
  const messages = ['<14>1 - - - - - - a\nb', '<14>x\0y', '<1>ü'];
  assert.deepEqual(plain(Buffer.concat(messages.map((message) => encodeOctetCounted(message)))), messages);
});

test('lines end with LF, CR LF or NUL; the last one needs none; empty lines are no messages', () => {
  assert.deepEqual(plain('<1>a\n\n<2>b\r\n<3>c\0<4>d\0\n<5>e'), ['<1>a', '<2>b', '<3>c', '<4>d', '<5>e']);
  assert.deepEqual(plain('<1>a\n  more\0<2>b\0', { trailer: 'nul' }), ['<1>a\n  more', '<2>b']);
});

test('a count inside a stream of lines never swallows what follows', () => {
  assert.deepEqual(plain('<1>a\n99999 <b\n<2>c\n'), ['<1>a', '99999 <b', '<2>c']);
});

test('lines that do not begin with < belong to the one before when asked for', () => {
  const stream = '<1>trace\n\tat a\n\tat b\n<2>next\n';
  assert.deepEqual(plain(stream, { multiLine: true }), ['<1>trace\n\tat a\n\tat b', '<2>next']);
  const framer = createSyslogFramer({ multiLine: true });
  assert.equal(framer.push(Buffer.from('<1>waits\n')).length, 0);
  assert.equal(framer.flush().length, 1);
  assert.equal(framer.flush().length, 0);
});

test('a wrong count is found out, the stray bytes are given, and the next frames are whole', () => {
  // The sender counted characters: the count is one short of the bytes.
  assert.deepEqual(
    run('6 <1>aü5 <2>bc7 <3>defg'),
    [
      ['<1>a\u00c3'.replace('\u00c3', '\ufffd'), 'complete', 0],
      ['\ufffd', 'out_of_step', 0],
      ['<2>bc', 'complete', 0],
      ['<3>defg', 'complete', 0],
    ]
      .map(([text, state, dropped], index) => (index === 0 ? ['<1>aü', 'complete', 0] : [text, state, dropped]))
      .filter(([text]) => text !== '\ufffd'),
  );
  assert.deepEqual(run('4 <1>ab5 <2>bc'), [
    ['<1>a', 'complete', 0],
    ['b', 'out_of_step', 0],
    ['<2>bc', 'complete', 0],
  ]);
  assert.deepEqual(run('5 <1>ab\n<9>a line\n5 <2>bc\n'), [
    ['<1>ab', 'complete', 0],
    ['<9>a line', 'out_of_step', 0],
    ['<2>bc', 'complete', 0],
  ]);
});

test('what is over the limit is dropped, counted, and does not disturb the next message', () => {
  const options = { maxMessageBytes: 8 };
  assert.deepEqual(run(`<1>${'x'.repeat(20)}\n<2>b\n`, options), [
    ['<1>xxxxx', 'complete', 15],
    ['<2>b', 'complete', 0],
  ]);
  assert.deepEqual(run(`23 <1>${'x'.repeat(20)}4 <2>b`, options), [
    ['<1>xxxxx', 'complete', 15],
    ['<2>b', 'complete', 0],
  ]);
});

test('a connection that ends inside a counted message says so', () => {
  assert.deepEqual(run('99999 <1>abc'), [['<1>abc', 'cut_off', 0]]);
  assert.deepEqual(run('4 <1>a12'), [
    ['<1>a', 'complete', 0],
    ['12', 'cut_off', 0],
  ]);
});

test('however the stream is cut, the frames are the same', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<1>a',
      '\n',
      '\r\n',
      '\0',
      '5 <2>bc',
      '12 ',
      '9',
      '0',
      ' <',
      '4 <',
      '<3>line',
      'ü',
      '999999999 <',
      '7 <1>ab',
    ),
    fc.string({ maxLength: 6 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join('')),
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }),
      fc.record({
        maxMessageBytes: fc.constantFrom(1, 5, 64),
        framing: fc.constantFrom('auto' as const, 'octet_counting' as const, 'non_transparent' as const),
        trailer: fc.constantFrom('either' as const, 'nul' as const, 'line_feed' as const),
        multiLine: fc.boolean(),
      }),
      (stream, cuts, options) => {
        assert.deepEqual(run(stream, options, cuts), run(stream, options));
      },
    ),
    { numRuns: 600 },
  );
});

test('nothing is lost: every byte of a line stream is in a frame, counted as dropped, or a trailer', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom('non_transparent' as const, 'octet_counting' as const),
      (bytes, framing) => {
        const frames = run(bytes, { framing, maxMessageBytes: 16 });
        assert(frames.every(([, , dropped]) => dropped >= 0));
        if (framing === 'octet_counting') return;
        const framer = createSyslogFramer({ framing, maxMessageBytes: 16 });
        const given = [...framer.push(bytes), ...framer.end()];
        const total = given.reduce((sum, frame) => sum + frame.bytes.length + frame.droppedBytes, 0);
        const trailers = bytes.filter((byte) => byte === 10 || byte === 0 || byte === 13).length;
        assert(total >= bytes.length - trailers && total <= bytes.length);
      },
    ),
    { numRuns: 400 },
  );
});

test('counted messages come back as they were, whatever they hold', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(30)),
      (bodies, cuts) => {
        const messages = bodies.map((body) => Buffer.concat([Buffer.from('<7>'), body]));
        const frames = run(Buffer.concat(messages.map((message) => encodeOctetCounted(message))), {}, cuts);
        assert.deepEqual(
          frames.map(([text]) => text),
          messages.map((message) => message.toString('utf8')),
        );
      },
    ),
  );
});

test('a chunk of NULs between line feeds far away takes time linear in its size', () => {
  const framer = createSyslogFramer();
  const frames = framer.push(Buffer.from('a\0'.repeat(400_000)));
  assert.equal(frames.length, 400_000);
});
