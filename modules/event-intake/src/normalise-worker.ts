// The thread that parses what strangers send; see normalise-pool.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { createMapper } from '@sallyport/ocsf/mapping';
import { normaliseBatch } from './normalise-batch.ts';
import type { NormaliseRequest } from './normalise-protocol.ts';

if (parentPort === null) throw new TypeError('normalise-worker.ts runs as a worker thread only');
const port = parentPort;
const mapper = createMapper(mappingFilesIn(workerData));

port.on('message', (request: NormaliseRequest) => {
  const reply = normaliseBatch(request, mapper);
  port.postMessage(reply, [reply.bodies]);
});

/** Without mappings, everything but Windows, CloudTrail and OCSF is a base event. */
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
