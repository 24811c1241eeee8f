import assert from 'node:assert/strict';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { CodedError } from './errors.ts';
import { createFrameReader, encodeFrame, frameKind } from './frame-format.ts';
import type { Frame } from './frame-format.ts';
import { createFramePeer } from './frames.ts';
import type { FrameHandlers } from './frames.ts';

function pair(handlers: FrameHandlers): {
  client: ReturnType<typeof createFramePeer>;
  server: ReturnType<typeof createFramePeer>;
  wire: Duplex;
} {
  const [left, right] = duplexPair();
  return { client: createFramePeer(left, {}), server: createFramePeer(right, handlers), wire: left };
}

test('a call is answered with head and payload', async () => {
  const { client } = pair({ echo: (request) => request });
  const reply = await client.call('echo', { head: { a: [1, 'ü'] }, payload: Buffer.from([0, 255, 1]) });
  assert.deepEqual(reply.head['a'], [1, 'ü']);
  assert.deepEqual([...(reply.payload ?? [])], [0, 255, 1]);
});

test('a frame over the limit is refused where it is sent, and every other call goes on', async () => {
  const limits = { maxFrameBytes: 1000 };
  const [left, right] = duplexPair();
  const client = createFramePeer(left, {}, limits);
  createFramePeer(
    right,
    {
      slow: async () => new Promise((resolve) => void setImmediate(() => resolve({ head: { ok: true } }))),
      large: () => ({ head: {}, payload: Buffer.alloc(1001) }),
    },
    limits,
  );
  const slow = client.call('slow', { head: {} });
  await assert.rejects(client.call('slow', { head: {}, payload: Buffer.alloc(1000) }), { code: 'frame_too_large' });
  await assert.rejects(client.call('large', { head: {} }), { code: 'frame_too_large' });
  assert.equal((await slow).head['ok'], true);
});

test('the hint of an error crosses with it', async () => {
  const { client } = pair({
    fail: () => {
      throw new CodedError('unseal_failed', 'Cannot open', { hint: 'put back the key file' });
    },
  });
  await assert.rejects(client.call('fail', { head: {} }), { code: 'unseal_failed', hint: 'put back the key file' });
});

test('an error keeps its code and details, and an unknown method is refused', async () => {
  const { client } = pair({
    fail: () => {
      throw new CodedError('disk_low', 'Cannot append', { details: { free: 3 } });
    },
  });
  await assert.rejects(client.call('fail', { head: {} }), {
    code: 'disk_low',
    message: 'Cannot append',
    details: { free: 3 },
  });
  await assert.rejects(client.call('toString', { head: {} }), { code: 'method_unknown' });
});

test('calls waiting when the connection ends are rejected, and so are later ones', async () => {
  const { client, server } = pair({ wait: () => Promise.withResolvers<never>().promise });
  const call = client.call('wait', { head: {} });
  server.close();
  await assert.rejects(call, { code: 'peer_gone' });
  await client.closed;
  await assert.rejects(client.call('wait', { head: {} }), { code: 'peer_gone' });
});

test('a malformed frame ends the connection instead of being guessed at', async () => {
  const { server, wire } = pair({});
  wire.write(Buffer.from([0, 0, 0, 9, 1, 0, 0, 0, 1, 0, 0, 0, 200]));
  await server.closed;
});

test('a frame over the limit ends the connection before it is held in memory', async () => {
  const { server, wire } = pair({});
  wire.write(Buffer.from([255, 255, 255, 255]));
  await server.closed;
});

test('an aborted call is given up and its late reply ignored', async () => {
  const { promise, resolve } = Promise.withResolvers<{ head: {} }>();
  const { client } = pair({ late: () => promise, ping: () => ({ head: {} }) });
  const controller = new AbortController();
  const call = client.call('late', { head: {} }, { signal: controller.signal });
  controller.abort();
  await assert.rejects(call, { code: 'aborted' });
  resolve({ head: {} });
  await client.call('ping', { head: {} });
});

test('frames survive any chunking', () => {
  const frames = fc.array(
    fc.record({
      kind: fc.constantFrom(...Object.values(frameKind)),
      id: fc.nat(),
      text: fc.string(),
      payload: fc.uint8Array(),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, sizes) => {
      const bytes = Buffer.concat(sent.flatMap((frame) => encodeFrame({ ...frame, head: { text: frame.text } })));
      const received: Frame[] = [];
      const read = createFrameReader(1 << 20, (frame) => received.push(frame));
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        read(Buffer.from(bytes.subarray(at, at + size)));
        at += size;
      }
      assert.deepEqual(
        received.map((frame) => ({ ...frame, head: frame.head['text'], payload: [...frame.payload] })),
        sent.map((frame) => ({ kind: frame.kind, id: frame.id, head: frame.text, payload: [...frame.payload] })),
      );
    }),
  );
});

test('arbitrary bytes are refused with a code or ignored, never worse', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const read = createFrameReader(1000, () => undefined);
      try {
        read(Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof CodedError || error instanceof SyntaxError);
      }
    }),
  );
});
