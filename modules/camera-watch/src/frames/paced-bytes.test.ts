import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { cameraByteRate, pacedParts } from './paced-bytes.ts';

async function owedMs(pieces: readonly Buffer[]): Promise<number> {
  let longestMs = 0;
  // No time passes: what was sent beyond what may come at once is owed for ever.
  const needs = {
    clock: createManualClock(0),
    delay: async (ms: number) => void (longestMs = Math.max(longestMs, ms)),
    signal: new AbortController().signal,
  };
  let parts = 0;
  for await (const came of pacedParts(Readable.from(pieces), 'b', needs)) parts += came.length;
  assert.ok(parts > 0);
  return longestMs;
}

test('a camera is read no faster than one may send, by its bytes and by how many pictures it makes of them', async () => {
  const picture = Buffer.concat([Buffer.from('--b\r\nContent-Length: 60000\r\n\r\n'), Buffer.alloc(60_000)]);
  const many = (piece: Buffer, bytes: number): Buffer[] =>
    Array.from({ length: Math.ceil(bytes / piece.length) }, () => piece);
  const { burst, perSecond } = cameraByteRate;
  assert.equal(await owedMs(many(picture, burst / 2)), 0);
  assert.ok((await owedMs(many(picture, burst + perSecond / 4))) >= 240);
  // Empty ones, each of ten bytes.
  const crowd = Buffer.from('--b\r\n\r\n\r\n'.repeat(6000));
  assert.ok((await owedMs(many(crowd, burst / 8))) > 1000);
});
