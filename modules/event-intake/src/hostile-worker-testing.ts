// A normalising thread that events can tell to misbehave; everything else is the real thing.
import { parentPort } from 'node:worker_threads';
import { normaliseBatch } from './normalise-batch.ts';
import type { NormaliseRequest } from './normalise-protocol.ts';

if (parentPort === null) throw new TypeError('this thread runs as a worker only');
const port = parentPort;

port.on('message', (request: NormaliseRequest) => {
  const text = Buffer.from(request.bytes).toString('latin1', 0, 64);
  if (text.includes('"spin"')) for (;;);
  if (text.includes('"exit"')) process.exit(7);
  if (text.includes('"throw"')) throw new Error('as told');
  const reply = normaliseBatch(request);
  port.postMessage(reply, [reply.bodies]);
});
