import { flushCompileCache } from 'node:module';

/** Late enough to have compiled what a first request needs, soon enough for a process that lives half a minute. */
const settledAfterMs = 5000;

/**
 * Writes what this process has compiled to Node's compile cache, once, shortly after it is up. Node itself does so at an
 * ordinary exit, which a process that ends by SIGKILL never has: its successors would compile the same again and again.
 * Nothing happens where there is no cache, or where it has everything already.
 */
export function keepCompiled(): void {
  setTimeout(() => flushCompileCache(), settledAfterMs).unref();
}
