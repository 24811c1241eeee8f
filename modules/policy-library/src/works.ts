import { CodedError } from '@sallyport/platform/errors';
import type { Clock } from '@sallyport/platform/clock';
import type { Principal } from '@sallyport/platform/http';
import { PolicyLibraryError } from './errors.ts';

/** Something that takes a while: begun, watched, left and found again, called off. */
export type Work<About, Result> = {
  readonly id: string;
  readonly about: About;
  readonly startedMs: number;
  readonly state: 'running' | 'done' | 'cancelled' | 'failed';
  /** 0 to 1. */
  readonly done: number;
  /** As far as can be told by now; undefined at the beginning and at the end. */
  readonly leftSeconds: number | undefined;
  readonly result: Result | undefined;
  /** Why it failed. */
  readonly problem: { readonly code: string; readonly message: string } | undefined;
};

/** Each is its starter's alone: an answer may depend on who asks. In memory: a restart forgets them, and they change nothing. */
export type Works<About, Result> = {
  /** Throws `policy_busy` when this person has too many under way. */
  start(
    about: About,
    by: Principal,
    run: (signal: AbortSignal, onProgress: (done: number) => void) => Promise<Result>,
  ): Work<About, Result>;
  /** Newest first. */
  list(by: Principal): readonly Work<About, Result>[];
  /** Throws `policy_work_unknown`. */
  get(id: string, by: Principal): Work<About, Result>;
  /** What has ended stays as it ended. Throws `policy_work_unknown`. */
  cancel(id: string, by: Principal): Work<About, Result>;
  close(): void;
};

const maxRunningOfOne = 2;
const maxRunning = 8;
const maxKept = 40;
const keptMs = 3_600_000;

type Held<About, Result> = {
  work: Work<About, Result>;
  readonly owner: string;
  readonly abort: AbortController;
};

export function createWorks<About, Result>(needs: {
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  /** What no code stands for: for the log. */
  readonly onTrouble: (error: unknown) => void;
}): Works<About, Result> {
  const { clock } = needs;
  const held = new Map<string, Held<About, Result>>();
  const ownerOf = ({ kind, id }: Principal): string => JSON.stringify([kind, id]);

  function forgetOld(): void {
    const over = [...held].filter(([, { work }]) => work.state !== 'running');
    const tooMany = over.slice(0, Math.max(0, over.length - maxKept));
    for (const [id, { work }] of over)
      if (clock.nowMs() - work.startedMs > keptMs || tooMany.some(([old]) => old === id)) held.delete(id);
  }

  function find(id: string, by: Principal): Held<About, Result> {
    const one = held.get(id);
    if (one !== undefined && one.owner === ownerOf(by)) return one;
    throw new PolicyLibraryError(
      'policy_work_unknown',
      `Cannot find work "${id}": must be one of yours of the last hour`,
    );
  }

  return {
    start(about, by, run) {
      forgetOld();
      const owner = ownerOf(by);
      const running = [...held.values()].filter(({ work }) => work.state === 'running');
      const own = running.filter((one) => one.owner === owner).length;
      if (own >= maxRunningOfOne || running.length >= maxRunning)
        throw new PolicyLibraryError(
          'policy_busy',
          `Cannot begin: ${Math.max(own, running.length)} are under way already`,
          {
            hint: 'wait for one of them, or cancel it',
          },
        );
      const id = Buffer.from(needs.random(12)).toString('hex');
      const startedMs = clock.nowMs();
      const abort = new AbortController();
      const work: Work<About, Result> = {
        id,
        about,
        startedMs,
        state: 'running',
        done: 0,
        leftSeconds: undefined,
        result: undefined,
        problem: undefined,
      };
      const one: Held<About, Result> = { work, owner, abort };
      held.set(id, one);
      const end = (change: Partial<Work<About, Result>>): void => {
        if (one.work.state === 'running') one.work = { ...one.work, leftSeconds: undefined, ...change };
      };
      const onProgress = (done: number): void => {
        if (one.work.state !== 'running') return;
        const spentMs = clock.nowMs() - startedMs;
        const leftSeconds = done > 0.02 ? Math.ceil(((spentMs / done) * (1 - done)) / 1000) : undefined;
        one.work = { ...one.work, done: Math.min(1, done), leftSeconds };
      };
      run(abort.signal, onProgress).then(
        (result) => end({ state: 'done', done: 1, result }),
        (error: unknown) => {
          if (!(error instanceof CodedError)) needs.onTrouble(error);
          end({ state: 'failed', problem: problemOf(error) });
        },
      );
      return one.work;
    },
    list: (by) =>
      [...held.values()]
        .filter(({ owner }) => owner === ownerOf(by))
        .map(({ work }) => work)
        .toReversed(),
    get: (id, by) => find(id, by).work,
    cancel(id, by) {
      const one = find(id, by);
      if (one.work.state === 'running') {
        one.work = { ...one.work, state: 'cancelled', leftSeconds: undefined };
        one.abort.abort(new PolicyLibraryError('policy_busy', 'Cannot go on: it was called off'));
      }
      return one.work;
    },
    close() {
      for (const { abort } of held.values())
        abort.abort(new PolicyLibraryError('policy_busy', 'Cannot go on: the server is being stopped'));
    },
  };
}

function problemOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof CodedError) return { code: String(error.code), message: error.message };
  return { code: 'internal', message: 'Cannot go on: something failed here; the log of the server says what' };
}
