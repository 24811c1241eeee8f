import type { NameKind } from './names.ts';
import type { KeptFile, KeptSum } from './place.ts';

/** A file that was archived, as it was found then. */
export type ArchivedFile = {
  readonly name: string;
  readonly kind: NameKind;
  readonly bytes: number;
  readonly sha256: string;
  readonly version: string | undefined;
  readonly sum: KeptSum | undefined;
  readonly lock: KeptFile['lock'];
  readonly isHeld: boolean;
  /** Entries it holds, half-open, where it holds any. */
  readonly entries: { readonly log: number; readonly first: number; readonly end: number } | undefined;
  readonly storedAtMs: number;
  readonly checkedAtMs: number;
  /** When every byte was last read back; 0 for never. */
  readonly readAtMs: number;
  readonly problem: string | undefined;
};

/** As it lies in the control database. */
export type FileRow = {
  place: string;
  name: string;
  kind: string;
  bytes: number;
  sha256: string;
  version: string | null;
  sum: string | null;
  lock_mode: string | null;
  lock_until_ms: number | null;
  is_held: number;
  log: number | null;
  first_index: number | null;
  end_index: number | null;
  stored_at_ms: number;
  checked_at_ms: number;
  read_at_ms: number;
  problem: string | null;
};
export function rowOf(place: string, file: ArchivedFile): FileRow {
  return {
    place,
    name: file.name,
    kind: file.kind,
    bytes: file.bytes,
    sha256: file.sha256,
    version: file.version ?? null,
    sum: file.sum === undefined ? null : `${file.sum.kind}:${file.sum.value}`,
    lock_mode: file.lock?.mode ?? null,
    lock_until_ms: file.lock?.untilMs ?? null,
    is_held: file.isHeld ? 1 : 0,
    log: file.entries?.log ?? null,
    first_index: file.entries?.first ?? null,
    end_index: file.entries?.end ?? null,
    stored_at_ms: file.storedAtMs,
    checked_at_ms: file.checkedAtMs,
    read_at_ms: file.readAtMs,
    problem: file.problem ?? null,
  };
}

const kinds: readonly NameKind[] = ['blocks', 'tiles', 'checkpoint', 'log', 'vault', 'record'];

export function fileOf(row: FileRow): ArchivedFile {
  const { log, first_index: first, end_index: end, lock_until_ms: untilMs } = row;
  const isOfParts = row.sum?.startsWith('parts:') === true;
  return {
    name: row.name,
    kind: kinds.find((kind) => kind === row.kind) ?? 'record',
    bytes: row.bytes,
    sha256: row.sha256,
    version: row.version ?? undefined,
    sum: row.sum === null ? undefined : { kind: isOfParts ? 'parts' : 'whole', value: row.sum.slice(6) },
    lock:
      untilMs === null ? undefined : { mode: row.lock_mode === 'compliance' ? 'compliance' : 'governance', untilMs },
    isHeld: row.is_held === 1,
    entries: log === null || first === null || end === null ? undefined : { log, first, end },
    storedAtMs: row.stored_at_ms,
    checkedAtMs: row.checked_at_ms,
    readAtMs: row.read_at_ms,
    problem: row.problem ?? undefined,
  };
}
