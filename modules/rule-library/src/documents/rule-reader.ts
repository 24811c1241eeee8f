import { Worker } from 'node:worker_threads';
import type { RuleSource } from '@sallyport/detection';
import { compileCacheEnvironment } from '@sallyport/platform/compile-cache';
import { createTurns } from '@sallyport/platform/turns';
import type { AskedCheck, CheckedText, Vocabulary } from './checked-text.ts';
import { RuleDocumentError } from './errors.ts';

export type ReaderRequest =
  | { readonly kind: 'open'; readonly sources: readonly RuleSource[] }
  | { readonly kind: 'check'; readonly asked: AskedCheck }
  | { readonly kind: 'vocabulary' };

export type ReaderAnswer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'checked'; readonly checked: CheckedText }
  | { readonly kind: 'vocabulary'; readonly vocabulary: Vocabulary };

/** Reads texts beside the rules in force, in a thread limited in time and memory. */
export type RuleReader = {
  /**
   * What can be honoured of a text, what not, and what is odd about it. A text that does not come to an end is refused as a whole. Throws
   * `RuleDocumentError` `rules_busy` when too many wait.
   */
  check(asked: AskedCheck): Promise<CheckedText>;
  vocabulary(): Promise<Vocabulary>;
  /** The files of the rules in force that a text needs, as `check` names them, read now. */
  sourcesOf(files: readonly string[]): Promise<readonly RuleSource[]>;
  close(): Promise<void>;
};

export type RuleReaderNeeds = {
  readonly sources: () => Promise<readonly RuleSource[]>;
  /** Names the rules in force: with another one they are read anew. */
  readonly ruleSetHash: () => string;
  readonly limits?: { readonly openMs?: number; readonly checkMs?: number; readonly heapMb?: number };
};

const maxWaiting = 16;

type OpenThread = {
  ask(request: ReaderRequest, limitMs: number): Promise<ReaderAnswer | undefined>;
  end(): Promise<void>;
};
type Opened = { readonly thread: OpenThread; readonly hash: string; readonly sources: readonly RuleSource[] };

export function createRuleReader(needs: RuleReaderNeeds): RuleReader {
  const { openMs = 60_000, checkMs = 10_000, heapMb = 768 } = needs.limits ?? {};
  const inTurn = createTurns();
  let opened: Opened | undefined;
  let waiting = 0;
  let isClosed = false;

  /** A thread that knows the rules in force; the one before is ended where they changed. */
  async function open(): Promise<Opened> {
    const hash = needs.ruleSetHash();
    if (isClosed) throw new RuleDocumentError('rules_busy', 'Cannot read rules: the server is being stopped');
    if (opened?.hash === hash) return opened;
    await opened?.thread.end();
    opened = undefined;
    const sources = await needs.sources();
    const thread = startThread(heapMb);
    if ((await thread.ask({ kind: 'open', sources }, openMs)) === undefined) {
      await thread.end();
      throw new RuleDocumentError('rules_busy', 'Cannot read the rules in force: it took too long or too much memory');
    }
    opened = { thread, hash, sources };
    return opened;
  }

  async function ask(request: ReaderRequest): Promise<ReaderAnswer | undefined> {
    const { thread } = await open();
    const answer = await thread.ask(request, checkMs);
    if (answer !== undefined) return answer;
    await thread.end();
    opened = undefined;
    return undefined;
  }

  async function bounded<Result>(task: () => Promise<Result>): Promise<Result> {
    if (waiting >= maxWaiting)
      throw new RuleDocumentError('rules_busy', `Cannot read the rules: ${waiting} texts wait already`, {
        hint: 'try again in a few seconds',
      });
    waiting += 1;
    try {
      return await inTurn(task);
    } finally {
      waiting -= 1;
    }
  }

  return {
    check: (asked) =>
      bounded(async () => {
        const answer = await ask({ kind: 'check', asked });
        return answer?.kind === 'checked' ? answer.checked : endless(checkMs);
      }),
    vocabulary: () =>
      bounded(async () => {
        const answer = await ask({ kind: 'vocabulary' });
        if (answer?.kind === 'vocabulary') return answer.vocabulary;
        throw new RuleDocumentError('rules_busy', 'Cannot say what rules look at: the reading thread ended');
      }),
    sourcesOf: (files) =>
      bounded(async () => {
        const wanted = new Set(files);
        return (await open()).sources.filter(({ file }) => wanted.has(file));
      }),
    async close() {
      isClosed = true;
      await inTurn(async () => opened?.thread.end());
    },
  };
}

function endless(limitMs: number): CheckedText {
  const message = `Reading the text took over ${limitMs / 1000} seconds or too much memory`;
  return { parts: [], refusals: [{ line: 1, code: 'too_complex', message }], warnings: [], contextFiles: [] };
}

/** One question at a time; undefined when the thread ended or did not answer in time, which ends it. */
function startThread(heapMb: number): OpenThread {
  const worker = new Worker(new URL('./check-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
    env: compileCacheEnvironment(),
  });
  let settle: ((answer: ReaderAnswer | undefined) => void) | undefined;
  let isGone = false;
  worker.on('message', (answer: ReaderAnswer) => settle?.(answer));
  // The reason may quote the text; that it ended is what matters, and 'exit' says so.
  worker.on('error', () => undefined);
  worker.on('exit', () => {
    isGone = true;
    settle?.(undefined);
  });
  worker.unref();
  return {
    async ask(request, limitMs) {
      if (isGone) return undefined;
      const { promise, resolve } = Promise.withResolvers<ReaderAnswer | undefined>();
      settle = resolve;
      const deadline = setTimeout(() => resolve(undefined), limitMs);
      worker.ref();
      worker.postMessage(request, []);
      try {
        return await promise;
      } finally {
        clearTimeout(deadline);
        settle = undefined;
        worker.unref();
      }
    },
    async end() {
      await worker.terminate();
    },
  };
}
