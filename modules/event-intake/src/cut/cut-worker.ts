// The thread that takes whole bodies of strangers apart; see ../normalise-pool.ts.
import { parentPort } from 'node:worker_threads';
import { cutBody } from './cut-body.ts';
import type { CutRequest } from './cut-body.ts';

if (parentPort === null) throw new TypeError('cut-worker.ts runs as a worker thread only');
const port = parentPort;

port.on('message', (request: CutRequest) => {
  if (request.progress !== undefined) Atomics.store(request.progress, 0, 0);
  const reply = cutBody(request);
  port.postMessage(reply, [reply.events]);
});
