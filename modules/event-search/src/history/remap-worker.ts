// The thread that maps history anew; see remap-thread.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { createMapper } from '@sallyport/ocsf/mapping';
import { remapBatch, type RemapRequest } from './remap-batch.ts';

if (parentPort === null) throw new TypeError('remap-worker.ts runs as a worker thread only');
const port = parentPort;
const mapper = createMapper(mappingFilesIn(workerData));

port.on('message', (request: RemapRequest) => port.postMessage(remapBatch(request, mapper), []));

function mappingFilesIn(data: unknown): { readonly name: string; readonly text: string }[] {
  const files: unknown = typeof data === 'object' && data !== null && 'mappings' in data ? data.mappings : [];
  const listed: readonly unknown[] = Array.isArray(files) ? files : [];
  return listed.flatMap((file) =>
    typeof file === 'object' &&
    file !== null &&
    'name' in file &&
    'text' in file &&
    typeof file.name === 'string' &&
    typeof file.text === 'string'
      ? [{ name: file.name, text: file.text }]
      : [],
  );
}
