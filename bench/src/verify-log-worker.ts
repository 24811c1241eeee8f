// A thread of `ledger-verify`: verifies parts of a log as the command line does, or only hashes files.
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { serveVerifyJobs } from '@sallyport/ledger/verify-log';

if (parentPort !== null && workerData === 'verify') serveVerifyJobs(parentPort);
else if (parentPort !== null) {
  const port = parentPort;
  port.on('message', (files: readonly string[]) => {
    let bytes = 0;
    for (const file of files) {
      const content = readFileSync(file);
      hash('sha256', content, 'buffer');
      bytes += content.length;
    }
    port.postMessage(bytes);
  });
}
