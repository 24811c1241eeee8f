import { createRequire } from 'node:module';
import * as first from '@cedar-policy/cedar-wasm/nodejs';
import { createEngine } from './engine.ts';

/** The engine of this thread: what one part of the program gives it breaks it for all, so that all ask this one. */
export const engine = createEngine({ load: firstThenAnew() });

function firstThenAnew(): () => typeof first {
  let isFirst = true;
  return () => {
    if (!isFirst) return readAnew();
    isFirst = false;
    return first;
  };
}

/**
 * One of its own. The module makes one instance when it is read, and has no way to make another: so it is read again. Each time by a reader of
 * its own, which does not hold on to the one before.
 */
export function readAnew(): typeof first {
  const read = createRequire(import.meta.url);
  const path = read.resolve('@cedar-policy/cedar-wasm/nodejs');
  Reflect.deleteProperty(read.cache, path);
  const fresh: unknown = read(path);
  if (!isEngine(fresh)) throw new TypeError('Cannot begin the policy engine anew: it is not what was read before');
  return fresh;
}

function isEngine(value: unknown): value is typeof first {
  return typeof value === 'object' && value !== null && 'statefulIsAuthorized' in value;
}
