// A remapping thread that events can tell to misbehave; everything else is the real thing.
import { parentPort, workerData } from 'node:worker_threads';
import { createMapper } from '@sallyport/ocsf/mapping';
import { remapBatch, type RemapRequest } from './remap-batch.ts';

if (parentPort === null) throw new TypeError('this thread runs as a worker only');
const port = parentPort;
const cell = new Int32Array(new SharedArrayBuffer(4));
const mapper = createMapper([{ name: 'door.yaml', text: String(workerData) }]);

function obey(text: string): void {
  // For ever, and at no cost to those beside it.
  if (text.includes('order-spin')) for (;;) Atomics.wait(cell, 0, 0, 10);
  if (text.includes('order-exit')) process.exit(7);
  if (text.includes('order-throw')) throw new Error('as told');
}

port.on('message', (request: RemapRequest) => {
  let start = 0;
  for (const [event, end] of request.ends.entries()) {
    Atomics.store(request.progress, 0, event);
    obey(Buffer.from(request.bytes).toString('latin1', start, end));
    start = end;
  }
  port.postMessage(remapBatch(request, mapper), []);
});
