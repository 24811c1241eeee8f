import { createHash } from 'node:crypto';
import type { ArchivedFile } from './archived-file.ts';
import type { ArchiveStore } from './archive-store.ts';
import { ArchiveError } from './errors.ts';
import { isName, kindOfName } from './names.ts';
import type { ArchivePlace, KeptFile, OutgoingFile } from './place.ts';
import { requireKept } from './kept.ts';
import type { LockMode } from './settings.ts';

/** Smaller files are read back whole at once; larger ones when their turn comes. */
const readAtOnceBytes = 1024 * 1024;
/** By how much the store's clock and ours may differ; see `s3-place.ts`. */
const clockSlackMs = 3_600_000;

/** An opened place with what is known of it. */
export type OpenedPlace = {
  /** Tells one place from another in the database. */
  readonly id: string;
  readonly place: ArchivePlace;
  /** Undefined: nothing is locked there. */
  readonly retentionMs: number | undefined;
  readonly lockMode: LockMode | undefined;
};

export type FileKeeper = {
  /**
   * Archives a file, or finds it archived. Resolves when the place has confirmed sum and lock, and a small file was read back.
   * Throws `name_taken` when other bytes are there under its name.
   */
  keep(
    opened: OpenedPlace,
    file: OutgoingFile,
    options: { readonly entries?: ArchivedFile['entries']; readonly isHeld?: boolean; readonly signal: AbortSignal },
  ): Promise<ArchivedFile>;
  /** The same for one that was archived before and is there no more. */
  sendAnew(
    opened: OpenedPlace,
    file: OutgoingFile,
    options: { readonly entries?: ArchivedFile['entries']; readonly isHeld?: boolean; readonly signal: AbortSignal },
  ): Promise<ArchivedFile>;
};

export function createFileKeeper(needs: {
  readonly store: ArchiveStore;
  readonly nowMs: () => number;
  /** Before each part. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
}): FileKeeper {
  const { store, nowMs } = needs;

  /** What is there already under the name, when it is the same. */
  async function adopt(opened: OpenedPlace, file: OutgoingFile, signal: AbortSignal): Promise<KeptFile | undefined> {
    const there = await opened.place.find(file.name, undefined, signal);
    if (there === undefined) return undefined;
    const expected = await opened.place.sumOf(file, signal);
    const isSame = there.bytes === file.bytes && (await hasSum(opened.place, there, { file, expected, signal }));
    if (!isSame)
      throw new ArchiveError('name_taken', `Cannot archive "${file.name}": the archive has another file of this name`, {
        hint: 'two installations, or two histories of one, use the same bucket and prefix',
      });
    // Somebody may have put it there under a lock of a minute: it is then stored once more, over the other, under ours.
    return isLockedAsOurs(opened, there) ? there : undefined;
  }

  const send: FileKeeper['sendAnew'] = async (opened, file, { entries, isHeld = false, signal }) => {
    const { place, retentionMs } = opened;
    // S3 keeps whole seconds.
    const lockUntilMs = retentionMs === undefined ? undefined : Math.ceil((nowMs() + retentionMs) / 1000) * 1000;
    const kept =
      (await adopt(opened, file, signal)) ??
      (await place.put(
        file,
        {
          lockUntilMs,
          isHeld,
          uploadId: await store.uploadOf(opened.id, file.name),
          begun: (uploadId) => store.noteUpload(opened.id, file.name, uploadId),
          turn: () => needs.turn(signal),
        },
        signal,
      ));
    const isReadNow = file.bytes <= readAtOnceBytes || kept.sum === undefined;
    if (isReadNow) await requireContent(place, { ...kept, sha256: file.sha256 }, signal);
    const atMs = nowMs();
    const archived: ArchivedFile = {
      ...kept,
      kind: kindOfName(file.name),
      sha256: file.sha256,
      entries,
      storedAtMs: atMs,
      checkedAtMs: atMs,
      readAtMs: isReadNow ? atMs : 0,
      problem: undefined,
    };
    await store.saveFile(opened.id, archived);
    return archived;
  };

  return {
    async keep(opened, file, options) {
      if (!isName(file.name))
        throw new ArchiveError(
          'off_site_refused',
          `Cannot archive under "${file.name.slice(0, 100)}": it is no name of a file`,
        );
      const known = await store.file(opened.id, file.name);
      if (known !== undefined) {
        if (known.sha256 === file.sha256) return known;
        throw new ArchiveError('name_taken', `Cannot archive "${file.name}": other bytes are archived under this name`);
      }
      return send(opened, file, options);
    },
    sendAnew: send,
  };
}

/** Whether it is locked as a file of ours would be that was stored when it was. */
function isLockedAsOurs({ retentionMs, lockMode }: OpenedPlace, { lock, storedAtMs }: KeptFile): boolean {
  if (retentionMs === undefined) return true;
  if (lock === undefined || (lockMode === 'compliance' && lock.mode !== 'compliance')) return false;
  return lock.untilMs >= storedAtMs + retentionMs - clockSlackMs;
}

async function hasSum(
  place: ArchivePlace,
  there: KeptFile,
  { file, expected, signal }: { file: OutgoingFile; expected: KeptFile['sum']; signal: AbortSignal },
): Promise<boolean> {
  if (there.sum !== undefined && expected !== undefined && there.sum.kind === expected.kind)
    return there.sum.value === expected.value;
  // The place has no sum of its own, or one made in other pieces: only the bytes tell.
  return (await sumOfContent(place, there, signal)) === file.sha256;
}

/** Reads a file whole and compares. Throws `off_site_mismatch`. */
export async function requireContent(
  place: ArchivePlace,
  kept: Pick<KeptFile, 'name' | 'version' | 'bytes'> & { readonly sha256: string },
  signal: AbortSignal,
): Promise<void> {
  if ((await sumOfContent(place, kept, signal)) !== kept.sha256)
    throw new ArchiveError('off_site_mismatch', `The archive gives other bytes for "${kept.name}" than were kept`);
}

async function sumOfContent(
  place: ArchivePlace,
  { name, version, bytes }: Pick<KeptFile, 'name' | 'version' | 'bytes'>,
  signal: AbortSignal,
): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of place.read(name, version, bytes, signal)) sum.update(chunk);
  return sum.digest('hex');
}

/**
 * Asks for a file anew and holds it against what was noted: what a reader gets now must be the very version, with its sum and
 * a lock that ends no sooner. With `isDeep` every byte is read.
 */
export async function recheck(
  opened: OpenedPlace,
  file: ArchivedFile,
  { isDeep, signal }: { readonly isDeep: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { place } = opened;
  const current = await place.find(file.name, undefined, signal);
  if (current === undefined)
    throw new ArchiveError('off_site_missing', `The archive does not show "${file.name}" any more`, {
      hint: 'it was deleted, or a delete marker hides it: the locked version can be found again in the bucket’s list of versions',
    });
  if (current.version !== file.version)
    throw new ArchiveError('off_site_mismatch', `The archive shows another version of "${file.name}" than was kept`);
  requireKept(current, {
    file,
    options: { lockUntilMs: file.lock?.untilMs, lockMode: file.lock?.mode, isHeld: file.isHeld },
    sum: file.sum ?? { kind: 'whole', value: file.sha256 },
  });
  if (isDeep || current.sum === undefined) await requireContent(place, file, signal);
}
