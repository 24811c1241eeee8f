// The thread that maps history anew; see remap-thread.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { createMapper, mappingFilesIn } from '@sallyport/ocsf/mapping';
import { remapBatch, type RemapRequest } from './remap-batch.ts';

if (parentPort === null) throw new TypeError('remap-worker.ts runs as a worker thread only');
const port = parentPort;
const mapper = createMapper(mappingFilesIn(workerData));

port.on('message', (request: RemapRequest) => port.postMessage(remapBatch(request, mapper), []));
