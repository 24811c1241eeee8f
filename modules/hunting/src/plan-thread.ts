import { Worker } from 'node:worker_threads';
import { compileCacheEnvironment } from '@sallyport/platform/compile-cache';
import type { RuleSource } from '@sallyport/detection';
import { HuntingError } from './errors.ts';
import type { HuntPlan, WantedRules } from './read-plan.ts';

const limits = { timeMs: 60_000, heapMb: 768 } as const;

/** `readPlan` in a thread of its own, bounded in time and memory. Throws `HuntingError` `hunt_rule_refused` where it does not come to an end. */
export async function planInThread(sources: readonly RuleSource[], wanted: WantedRules): Promise<HuntPlan> {
  const worker = new Worker(new URL('./plan-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMb },
    env: compileCacheEnvironment(),
  });
  const { promise, resolve, reject } = Promise.withResolvers<HuntPlan>();
  worker.once('message', (plan: HuntPlan) => resolve(plan));
  worker.once('error', reject);
  worker.once('exit', () => reject(new TypeError('the planning thread ended')));
  const deadline = AbortSignal.timeout(limits.timeMs);
  deadline.addEventListener('abort', () => reject(deadline.reason));
  try {
    worker.postMessage({ sources, wanted }, []);
    return await promise;
  } catch (cause) {
    throw new HuntingError(
      'hunt_rule_refused',
      'Cannot read the rules: reading them took too long or too much memory',
      {
        cause,
      },
    );
  } finally {
    await worker.terminate();
  }
}
