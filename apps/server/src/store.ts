import { Socket } from 'node:net';
import { runStore } from '@sallyport/event-search/store';
import { keepCompiled } from './keep-compiled.ts';

/**
 * The store process: embedded ClickHouse, spoken to over file descriptor 3. SIGKILL to itself, because an ordinary exit
 * waits for the engine's threads; everything acknowledged is on disk by then.
 */
runStore({
  stream: new Socket({ fd: 3, readable: true, writable: true }),
  // oxlint-disable-next-line node/no-process-env -- the engine takes its disk key from the environment and from nowhere else
  environment: process.env,
  exit: () => process.kill(process.pid, 'SIGKILL'),
});
keepCompiled();
