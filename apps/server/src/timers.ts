import { setTimeout as wait } from 'node:timers/promises';

/** Resolves after `ms`, or at once when aborted. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal, ref: false });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Runs `task` every `intervalMs` until the returned function is called. Does not keep the process alive. */
export function every(intervalMs: number, task: () => void): () => void {
  const timer = setInterval(task, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
