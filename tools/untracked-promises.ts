import hooks, { type AsyncHook } from 'node:async_hooks';
import type nodeTest from 'node:test';

/**
 * node:test without its hook on every promise, by which it knows of an error that nobody caught which test made it: a promise costs fifteen times as
 * much with it, and a server in the process of its test some 6 % more. Who asks for a hook by `createHook` elsewhere gets one. To be called before
 * anything imports `node:test`, which takes `createHook` when it is loaded.
 */
export async function importUntracked(): Promise<Pick<typeof nodeTest, 'after' | 'afterEach' | 'beforeEach'>> {
  const { createHook } = hooks;
  const silent: AsyncHook = { enable: () => silent, disable: () => silent };
  Object.assign(hooks, { createHook: () => silent });
  try {
    return await import('node:test');
  } finally {
    Object.assign(hooks, { createHook });
  }
}
