import { mkdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { ArchiveError } from '../errors.ts';
import { instanceName } from '../names.ts';
import type { ArchiveSource } from './bucket-source.ts';
import { fetchFile, sizeOf } from './fetch-file.ts';
import type { FetchedFile } from './fetch-file.ts';
import { planFetch } from './fetch-plan.ts';
import type { PlannedFile } from './fetch-plan.ts';

export type FetchedArchive = {
  readonly place: string;
  readonly files: number;
  readonly bytes: number;
  /** Of these, those that were here with the right bytes. */
  readonly present: number;
  readonly hidden: number;
  /** Of which only a delete marker is left. */
  readonly gone: readonly string[];
  readonly foreign: number;
  /** Of which the store states no SHA-256 that can be compared: what verifies is told by `verifyArchive` alone. */
  readonly unsummed: number;
  /** Whether what is hidden was looked for. */
  readonly isWhole: boolean;
  /** Not brought here: damaged, or gone between being listed and read. */
  readonly troubled: readonly { readonly name: string; readonly problem: string }[];
};

type Asked = {
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onProgress?: (share: number, label: string) => void;
};

/** As many as the client has connections. */
const atOnce = 4;
const waitsMs = [1000, 4000, 15_000];

/**
 * Brings an archive into a directory, as `verifyArchive` reads it. Each file counts when its size and SHA-256 are those it was
 * stored with; run again it goes on where it stood. A file that is damaged holds up no other. Throws `off_site_refused`,
 * `off_site_unavailable` after some tries, `off_site_missing` where there is no archive, `restore_refused` for a directory or disk
 * that does not fit.
 */
export async function fetchArchive(source: ArchiveSource, asked: Asked): Promise<FetchedArchive> {
  const { directory, onProgress } = asked;
  // Not tried for long: an address that is wrong is told at once.
  const { isWhole, listed } = await source.versions(asked.signal);
  const plan = planFetch(source.place, listed);
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new ArchiveError('restore_refused', `Cannot fetch into "${directory}": ${messageOf(error)}`, {
      cause: error,
      hint: 'name a directory that can be made',
    });
  });
  await requireSame(source, plan.files, asked);
  await requireRoom(plan.files, directory);
  let doneBytes = 0;
  const onBytes = (bytes: number): void => {
    doneBytes += bytes;
    onProgress?.(Math.min(1, doneBytes / Math.max(1, plan.bytes)), 'fetched');
  };
  const done: FetchedFile[] = [];
  const troubled: FetchedArchive['troubled'][number][] = [];
  const waiting = plan.files.values();
  const stop = new AbortController();
  const signal = AbortSignal.any([asked.signal, stop.signal]);

  async function work(): Promise<void> {
    for (const file of waiting) {
      signal.throwIfAborted();
      try {
        const one = await patiently({ ...asked, signal }, () =>
          fetchFile(source, file, { directory, signal, onBytes }),
        );
        if (one.kind === 'present') onBytes(one.bytes);
        done.push(one);
      } catch (error) {
        const isItsOwn =
          error instanceof ArchiveError && (error.code === 'off_site_mismatch' || error.code === 'off_site_missing');
        if (!isItsOwn) throw error;
        troubled.push({ name: file.name, problem: error.message });
      }
    }
  }

  const failures: unknown[] = [];
  await Promise.all(
    Array.from({ length: atOnce }, () =>
      work().catch((error: unknown) => {
        failures.push(error);
        stop.abort(error);
      }),
    ),
  );
  asked.signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return {
    place: source.place,
    files: done.length,
    bytes: done.reduce((sum, { bytes }) => sum + bytes, 0),
    present: done.filter(({ kind }) => kind === 'present').length,
    hidden: plan.hidden,
    gone: plan.gone,
    foreign: plan.foreign,
    unsummed: done.filter(({ isUnsummed }) => isUnsummed).length,
    isWhole,
    troubled: troubled.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** A line that is down for a moment ends nothing. */
async function patiently<Result>(
  { wait, signal }: Pick<Asked, 'wait' | 'signal'>,
  work: () => Promise<Result>,
): Promise<Result> {
  for (const ms of waitsMs) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ArchiveError) || error.code !== 'off_site_unavailable') throw error;
      await wait(ms, signal);
    }
  }
  return work();
}

/** A directory that holds the copy of another installation is left alone. */
async function requireSame(source: ArchiveSource, files: readonly PlannedFile[], asked: Asked): Promise<void> {
  const file = files.find(({ name }) => name === instanceName);
  const standing = await readFile(join(asked.directory, instanceName)).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined || standing === undefined) return;
  const version = file.versions[0]?.version;
  const theirs = await patiently(asked, async () => {
    const parts: Uint8Array[] = [];
    for await (const part of source.read(instanceName, version, file.bytes, asked.signal)) parts.push(part);
    return Buffer.concat(parts);
  });
  if (!theirs.equals(standing))
    throw new ArchiveError(
      'restore_refused',
      `Cannot fetch into "${asked.directory}": it has the copy of another installation`,
      { hint: 'name a directory that does not exist yet' },
    );
}

async function requireRoom(files: readonly PlannedFile[], directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  let lacking = 0;
  // What an earlier run brought needs no room any more.
  for (const { name, bytes } of files) if ((await sizeOf(join(directory, name))) !== bytes) lacking += bytes;
  if (lacking <= free) return;
  throw new ArchiveError(
    'restore_refused',
    `Cannot fetch into "${directory}": ${lacking} bytes are to come, and ${free} are free`,
    { hint: 'name a directory on a larger disk' },
  );
}
