// The perceiver process: decodes and looks at pictures from anywhere. It holds no secret, writes no file and opens no
// connection; what a hostile picture makes of it ends with it. Started by the server with its directories of weights.
import { readdirSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { runPerceiver } from '@sallyport/camera-watch/perceiver';
import { modelsDirectory } from '@sallyport/content';
import { codeOf } from '@sallyport/platform/errors';

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

// Signals are for the server: it closes the pipe when it is done with us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
runPerceiver({
  stream: new Socket({ fd: 3, readable: true, writable: true }),
  entries: readdirSync(modelsDirectory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFileSync(join(modelsDirectory, name), 'utf8')),
  directories: process.argv.slice(2),
  readFile: readIfThere,
  // Not an ordinary exit, which waits for the native libraries' threads; there is nothing to be kept.
  exit: () => process.kill(process.pid, 'SIGKILL'),
});
