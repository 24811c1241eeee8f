import { IdentityError } from '../errors.ts';

/** On whose behalf work is done. */
export type Lane = {
  /** An IPv4 /24 or IPv6 /64 network, or whatever else should count as one. */
  readonly source: string;
  /** Somebody who was let in from there before, holds a link or session of ours, or sits at this machine. */
  readonly isKnown: boolean;
};

export type WorkQueueLimits = {
  /** Of strangers; those who are known have places of their own, half as many. */
  readonly maxWaiting: number;
  readonly maxPerSource: number;
};

type Job = { readonly run: () => Promise<void> };
type Waiting = { readonly isKnown: boolean; readonly bySource: Map<string, Job[]>; count: number };

/**
 * One at a time: what costs much must not be had in parallel for the asking. Sources take turns, however much each asks, and
 * known ones take every second turn and have places of their own: a flood from many networks keeps strangers out, and neither
 * those who were here before nor the machine itself. Rejects with `passwords_busy` when there is no place.
 */
export function createWorkQueue(
  limits: WorkQueueLimits,
): <Result>(work: () => Promise<Result>, lane: Lane) => Promise<Result> {
  const known: Waiting = { isKnown: true, bySource: new Map(), count: 0 };
  const strangers: Waiting = { isKnown: false, bySource: new Map(), count: 0 };
  let isWorking = false;
  let lastWasKnown = false;

  const takeFrom = (waiting: Waiting): Job | undefined => {
    for (const [source, jobs] of waiting.bySource) {
      const job = jobs.shift();
      // To the end of the line, or out of it.
      waiting.bySource.delete(source);
      if (jobs.length > 0) waiting.bySource.set(source, jobs);
      if (job === undefined) continue;
      waiting.count -= 1;
      return job;
    }
    return undefined;
  };

  const goOn = async (): Promise<void> => {
    if (isWorking) return;
    isWorking = true;
    for (;;) {
      const [first, second] = lastWasKnown ? [strangers, known] : [known, strangers];
      const fromFirst = takeFrom(first);
      const job = fromFirst ?? takeFrom(second);
      if (job === undefined) break;
      lastWasKnown = (fromFirst === undefined ? second : first).isKnown;
      await job.run();
    }
    isWorking = false;
  };

  return (work, { source, isKnown }) => {
    const waiting = isKnown ? known : strangers;
    const jobs = waiting.bySource.get(source) ?? [];
    const places = isKnown ? Math.ceil(limits.maxWaiting / 2) : limits.maxWaiting;
    if (waiting.count >= places || jobs.length >= limits.maxPerSource) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      jobs.push({ run: () => work().then(resolve, reject) });
      waiting.bySource.set(source, jobs);
      waiting.count += 1;
      void goOn();
    });
  };
}

function busy(): IdentityError {
  return new IdentityError('passwords_busy', 'Cannot check another password now: try again in 2 s', {
    details: { retryAfterSeconds: 2 },
  });
}
