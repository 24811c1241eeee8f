// A cutting thread that bodies can tell to wait or to hang; everything else is the real thing.
import { parentPort, workerData } from 'node:worker_threads';
import { cutBody } from './cut-body.ts';
import type { CutRequest } from './cut-body.ts';

if (parentPort === null) throw new TypeError('this thread runs as a worker only');
const port = parentPort;
const released: unknown = workerData;
if (!(released instanceof Int32Array)) throw new TypeError('this thread needs to be told when to go on');

port.on('message', (request: CutRequest) => {
  if (request.progress !== undefined) Atomics.store(request.progress, 0, 0);
  const start = Buffer.from(request.bytes).toString('latin1', 0, 200);
  if (start.includes('"hang"')) for (;;);
  if (start.includes('"hold"')) Atomics.wait(released, 0, 0);
  const reply = cutBody(request);
  port.postMessage(reply, [reply.events]);
});
