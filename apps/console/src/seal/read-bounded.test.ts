import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBounded } from './read-bounded.ts';

test('readBounded() gives the whole body', async () => {
  assert.deepEqual(await readBounded(new Response('abc'), 'tile/0'), new TextEncoder().encode('abc'));
  assert.deepEqual(await readBounded(new Response(null), 'tile/0'), new Uint8Array());
});

test('readBounded() ends a body that does not end, and holds no more of it than allowed', async () => {
  let sent = 0;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      sent += 1000;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  await assert.rejects(readBounded(new Response(endless), 'tile/0', 10_000), /more than 10000 bytes for tile\/0/);
  assert.ok(sent < 20_000);
});
