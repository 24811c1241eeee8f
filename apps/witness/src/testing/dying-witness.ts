// A witness that is killed while it stores: `before` or `after` the new state is on disk. Arguments: state directory, which.
import { runCommandLine } from '../command.ts';
import { systemClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { randomBytes } from 'node:crypto';
import { stateFiles } from '../state/state-directory.ts';

const [directory = '', when = ''] = process.argv.slice(2);

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way, and nothing below may run.
  for (;;);
}

await runCommandLine(['serve', '--listen', '127.0.0.1:0', '--state', directory], {
  clock: systemClock,
  log: createLog({ clock: systemClock, write: () => undefined }),
  files: {
    ...stateFiles,
    writeDurably(path, bytes) {
      if (when === 'before') die();
      stateFiles.writeDurably(path, bytes);
      if (when === 'after') die();
    },
  },
  random: randomBytes,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  stop: new AbortController().signal,
  onReload: () => undefined,
});
