// The thread that parses what strangers send; see normalise-pool.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { createMapper, mappingFilesIn } from '@sallyport/ocsf/mapping';
import { normaliseBatch } from './normalise-batch.ts';
import type { NormaliseRequest } from './normalise-protocol.ts';

if (parentPort === null) throw new TypeError('normalise-worker.ts runs as a worker thread only');
const port = parentPort;
const mapper = createMapper(mappingFilesIn(workerData));

port.on('message', (request: NormaliseRequest) => {
  const reply = normaliseBatch(request, mapper);
  port.postMessage(reply, [reply.bodies]);
});
