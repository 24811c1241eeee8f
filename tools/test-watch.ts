// Loaded by the runner before each test file, in the file's own process: ends it, and all it started, when its tests are
// over and something still keeps it alive, or when nothing more happens in it. Other files go on.
// A test that leaves something open is thereby seen as well when it passed.
// An error that nobody caught ends the file as well, with the tests that were running.
import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';

// In the address, not in the environment: what a test starts inherits that.
const { searchParams } = new URL(import.meta.url);
const idleMs = Number(searchParams.get('idle'));
/** What `after` closes has this long, on the slowest of machines. */
const closingMs = Number(searchParams.get('closing'));

const file = process.argv[1] ?? '';
/** esbuild keeps one process for all that is built, which reads from this one until this one is gone. */
const endsByItself = '/esbuild --service=';

/** Where property tests begin, in every thread; anywhere where nothing is given. */
const seed = searchParams.get('seed');
if (seed !== null) Object.assign(globalThis, { [Symbol.for('sallyport.fast-check')]: { seed: Number(seed) } });

// A thread of a test is given the same arguments, and neither watches nor loads anything.
if (isMainThread) await watch();

async function watch(): Promise<void> {
  const [{ importUntracked }, { endDescendants }] = await Promise.all([
    import('./untracked-promises.ts'),
    import('./process-tree.ts'),
  ]);
  const { after, afterEach, beforeEach } = await importUntracked();
  const running = new Set<string>();
  const idle = setTimeout(() => {
    giveUp(`nothing happened for ${idleMs / 1000} s in: ${[...running].join(', ') || 'no test'}`);
  }, idleMs).unref();
  beforeEach((test) => {
    running.add(test.name);
    idle.refresh();
  });
  afterEach((test) => {
    running.delete(test.name);
    idle.refresh();
  });
  after(() => {
    clearTimeout(idle);
    setTimeout(() => giveUp(`still runs ${closingMs / 1000} s after its last test`), closingMs).unref();
  });
  const tellUncaught = (kind: string) => (error: unknown) => {
    giveUp(`${kind} in: ${[...running].join(', ') || 'no test'}; ${inspect(error)}`);
  };
  process.prependListener('uncaughtException', tellUncaught('uncaughtException'));
  process.prependListener('unhandledRejection', tellUncaught('unhandledRejection'));
  process.once('SIGTERM', () => process.exit(143));
  process.on('exit', () => {
    const left = endDescendants(process.pid).filter(({ commandLine }) => !commandLine.includes(endsByItself));
    if (left.length === 0) return;
    process.exitCode = Number(process.exitCode ?? 0) || 1;
    const told = left.map(({ pid, commandLine }) => `${pid} ${commandLine.slice(0, 200)}`).join('\n  ');
    process.stderr.write(`${file}: left running, and ended now:\n  ${told}\n`);
  });
}

function giveUp(why: string): void {
  const open = process.getActiveResourcesInfo().join(', ');
  process.stderr.write(`${file}: ${why}; open: ${open}\n`);
  process.exit(1);
}
