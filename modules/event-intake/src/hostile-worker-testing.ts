// A normalising thread that events can tell to misbehave; everything else is the real thing.
import { parentPort } from 'node:worker_threads';
import { createMapper } from '@sallyport/ocsf/mapping';
import { normaliseBatch } from './normalise-batch.ts';
import type { NormaliseRequest } from './normalise-protocol.ts';

if (parentPort === null) throw new TypeError('this thread runs as a worker only');
const port = parentPort;
const cell = new Int32Array(new SharedArrayBuffer(4));
const mapper = createMapper([]);

function obey(text: string): void {
  // For ever, and at no cost to those beside it.
  if (text.includes('"spin"')) for (;;) Atomics.wait(cell, 0, 0, 10);
  if (text.includes('"exit"')) process.exit(7);
  if (text.includes('"throw"')) throw new Error('as told');
}

port.on('message', (request: NormaliseRequest) => {
  let start = 0;
  for (const [order, end] of request.ends.entries()) {
    if (request.progress !== undefined) Atomics.store(request.progress, 0, order);
    obey(Buffer.from(request.bytes).toString('latin1', start, Math.min(end, start + 64)));
    start = end;
  }
  const reply = normaliseBatch(request, mapper);
  port.postMessage(reply, [reply.bodies]);
});
