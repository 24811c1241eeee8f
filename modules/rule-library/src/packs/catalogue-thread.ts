import { Worker } from 'node:worker_threads';
import { compileCacheEnvironment } from '@sallyport/platform/compile-cache';
import type { CheckedPack, ReadingMessage, ReadingTask } from './catalogue-protocol.ts';
import { RulePackError } from './errors.ts';
import type { RulePackErrorCode } from './errors.ts';
import type { PackCatalogue } from './read-catalogue.ts';

/** A pack that is being read. Neither promise needs to be waited for; `end` stops the thread. */
export type Reading = {
  /** Rejects with `RulePackError` `pack_invalid`, `pack_unsigned`, `pack_damaged`. */
  readonly checked: Promise<CheckedPack>;
  /** Rejects as `checked`, and with `pack_invalid` where reading takes too long or too much memory. */
  readonly catalogue: Promise<PackCatalogue>;
  progress(): { readonly done: number; readonly of: number };
  end(): Promise<void>;
};

const limits = { timeMs: 300_000, heapMb: 1024 } as const;
const codes: readonly RulePackErrorCode[] = ['pack_invalid', 'pack_unsigned', 'pack_damaged'];

/** Reads a pack in a thread of its own, bounded in time and memory: only the thread suffers from what it holds. */
export function readInThread(task: ReadingTask): Reading {
  const worker = new Worker(new URL('./catalogue-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMb },
    // The thread needs no secret: of the environment it gets where compiled code is, and nothing else.
    env: compileCacheEnvironment(),
  });
  const { reading, hear, ended } = createReading(async () => {
    await worker.terminate();
  });
  worker.on('message', hear);
  // The reason may quote a rule; that the thread ended is what matters, and 'exit' says so.
  worker.on('error', () => undefined);
  worker.on('exit', ended);
  const deadline = AbortSignal.timeout(limits.timeMs);
  deadline.addEventListener('abort', () => void worker.terminate(), { once: true });
  worker.postMessage(task, []);
  return reading;
}

/** A reading that hears of itself from elsewhere. */
export function createReading(end: () => Promise<void>): {
  readonly reading: Reading;
  hear(message: ReadingMessage): void;
  /** Nothing more comes. */
  ended(): void;
} {
  const checked = Promise.withResolvers<CheckedPack>();
  const catalogue = Promise.withResolvers<PackCatalogue>();
  for (const { promise } of [checked, catalogue]) promise.catch(() => undefined);
  let progress = { done: 0, of: 0 };
  const fail = (error: RulePackError): void => {
    checked.reject(error);
    catalogue.reject(error);
  };
  return {
    reading: { checked: checked.promise, catalogue: catalogue.promise, progress: () => progress, end },
    hear(message) {
      switch (message.kind) {
        case 'checked':
          checked.resolve(message.checked);
          return;
        case 'progress':
          progress = { done: message.done, of: message.of };
          return;
        case 'catalogue':
          catalogue.resolve(message.catalogue);
          return;
        case 'refused': {
          const code = codes.find((known) => known === message.code) ?? 'pack_invalid';
          fail(new RulePackError(code, message.message, message.hint === undefined ? {} : { hint: message.hint }));
        }
      }
    },
    ended: () =>
      fail(new RulePackError('pack_invalid', 'Cannot read the rule pack: reading it took too long or too much memory')),
  };
}
