// The thread that parses what strangers send; see normalise-pool.ts.
import { parentPort } from 'node:worker_threads';
import { normaliseBatch } from './normalise-batch.ts';
import type { NormaliseRequest } from './normalise-protocol.ts';

if (parentPort === null) throw new TypeError('normalise-worker.ts runs as a worker thread only');
const port = parentPort;

port.on('message', (request: NormaliseRequest) => {
  const reply = normaliseBatch(request);
  port.postMessage(reply, [reply.bodies]);
});
