import { createEngine } from '@sallyport/access-policy/engine';
import type { Cedar } from '../decisions/load-pack.ts';

/** Cedar is four megabytes: it is read when somebody replays, not when a program starts. Broken, it stays so until that program ends. */
export async function readEngine(): Promise<Cedar> {
  const cedar = await import('@cedar-policy/cedar-wasm/nodejs');
  return createEngine({ load: () => cedar });
}
