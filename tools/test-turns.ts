// In which order the files of tests run, and how many at once.
import { statfsSync } from 'node:fs';
import { availableMemory } from 'node:process';
import { availableParallelism, cpus, tmpdir } from 'node:os';

/** What the dearest of files take: a server with its store, and a browser. Such begin first, all at once. */
const placeBytes = 2 * 1024 ** 3;
/** What one more file takes, several times over. */
const wantedBytes = 4 * 1024 ** 3;
const wantedRoomBytes = 1024 ** 3;
/** Half a core without work for a whole look is room: what runs waits, for a timer or for another. */
const wantedIdleCores = 0.5;

/**
 * Runs every item once, from the front, so many at once as there are places. While `hasRoom` says so, at most as many
 * again run beside them, and those come from the back: stories wait much, and what is short runs in the meantime.
 */
export function runInTurn<T>(
  items: readonly T[],
  run: (item: T) => Promise<void>,
  { places, hasRoom, everyMs = 1000 }: { places: number; hasRoom: () => boolean; everyMs?: number },
): Promise<void> {
  const waiting = [...items];
  let running = 0;
  return new Promise((resolve, reject) => {
    const look = setInterval(() => {
      if (hasRoom() && running >= places && running < 2 * places) start(waiting.pop());
    }, everyMs);
    const fill = (): void => {
      while (running < places && waiting.length > 0) start(waiting.shift());
      if (running > 0) return;
      clearInterval(look);
      resolve();
    };
    const start = (item: T | undefined): void => {
      if (item === undefined) return;
      running += 1;
      run(item).then(
        () => {
          running -= 1;
          fill();
        },
        (error: unknown) => {
          clearInterval(look);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    };
    fill();
  });
}

/** How many files run at once: one for each core that there is memory for, and two at least. */
export function placesFor(cores: number, freeBytes: number): number {
  return Math.max(2, Math.min(cores, Math.floor(freeBytes / placeBytes)));
}

/**
 * Whether the machine had time left since it was asked last, and has memory, and room for what tests write: it may be at
 * work for others as well. Where not all of it may be used, its time says nothing.
 */
export function createRoomWatch(
  sees: {
    readonly idleMs?: () => number;
    readonly nowMs?: () => number;
    readonly freeBytes?: () => number;
    readonly roomBytes?: () => number;
  } = {},
): () => boolean {
  const {
    idleMs = idleOfAllCores,
    nowMs = () => performance.now(),
    freeBytes = availableMemory,
    roomBytes = roomForFiles,
  } = sees;
  let [idleBefore, before] = [idleMs(), nowMs()];
  return () => {
    const [idle, now] = [idleMs(), nowMs()];
    const idleCores = (idle - idleBefore) / Math.max(1, now - before);
    [idleBefore, before] = [idle, now];
    return idleCores >= wantedIdleCores && freeBytes() >= wantedBytes && roomBytes() >= wantedRoomBytes;
  };
}

/** A file nobody knows that starts a whole program takes about so long; any other hardly anything. */
const secondsOfStory = 30;
export const startsProgram = /-under-test|sender-house|access\.fixture/;

/** Longest first, by what a file took once: what begins last must not keep one core waiting for the other. */
export function longestFirst(
  files: readonly string[],
  seconds: ReadonlyMap<string, number>,
  textOf: (file: string) => string,
): string[] {
  const expected = new Map(
    files.map((file) => [file, seconds.get(file) ?? (startsProgram.test(textOf(file)) ? secondsOfStory : 0)]),
  );
  return files.toSorted((one, other) => (expected.get(other) ?? 0) - (expected.get(one) ?? 0));
}

function roomForFiles(): number {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize;
}

function idleOfAllCores(): number {
  const cores = cpus();
  if (cores.length > availableParallelism()) return 0;
  return cores.reduce((sum, { times }) => sum + times.idle, 0);
}
