import { setTimeout as delay } from 'node:timers/promises';

/** Asks again until there is an answer other than undefined. Rejects after `timeoutMs`, with `describe()` saying how things stand. */
export async function eventually<Result>(options: {
  readonly what: string;
  readonly timeoutMs: number;
  readonly everyMs?: number;
  readonly look: () => Promise<Result | undefined> | Result | undefined;
  readonly describe?: () => string;
}): Promise<Result> {
  const endMs = performance.now() + options.timeoutMs;
  for (;;) {
    const found = await options.look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) {
      const state = options.describe === undefined ? '' : `\n${options.describe()}`;
      throw new Error(`Waited ${options.timeoutMs} ms in vain: ${options.what}${state}`);
    }
    await delay(options.everyMs ?? 100);
  }
}
