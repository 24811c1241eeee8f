import { isJsonObject } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { FileFacts } from '../host/host-files.ts';

/** What is kept of a watched file. */
export type FileEntry = Pick<
  FileFacts,
  'kind' | 'inode' | 'size' | 'modifiedMs' | 'changedMs' | 'mode' | 'userId' | 'groupId'
> & {
  /** Of a regular file that could be read. */
  readonly sha256: string | undefined;
  /** Of a symbolic link. */
  readonly target: string | undefined;
};

export type FileChange = 'file_created' | 'file_deleted' | 'file_modified' | 'file_attributes_changed';

/** What happened between two looks at a path; undefined when nothing that matters did (read times, a copy with the same content). */
export function changeBetween(before: FileEntry | undefined, after: FileEntry | undefined): FileChange | undefined {
  if (before === undefined) return after === undefined ? undefined : 'file_created';
  if (after === undefined) return 'file_deleted';
  if (before.kind !== after.kind || before.sha256 !== after.sha256 || before.target !== after.target)
    return 'file_modified';
  // A file nobody may read here shows changes by its size and time only.
  if (
    after.kind === 'file' &&
    after.sha256 === undefined &&
    (before.size !== after.size || before.modifiedMs !== after.modifiedMs)
  )
    return 'file_modified';
  if (before.mode !== after.mode || before.userId !== after.userId || before.groupId !== after.groupId)
    return 'file_attributes_changed';
  return undefined;
}

/** Whether the content may differ from what is known. The change time cannot be set by a program, unlike the time of modification. */
export function mayDiffer(before: FileEntry | undefined, facts: FileFacts): boolean {
  return (
    before === undefined ||
    before.kind !== facts.kind ||
    before.inode !== facts.inode ||
    before.size !== facts.size ||
    before.modifiedMs !== facts.modifiedMs ||
    before.changedMs !== facts.changedMs
  );
}

const kinds = ['file', 'folder', 'link', 'other'] as const;

/** Short, as there are thousands of them. */
export function encodeEntry(entry: FileEntry): JsonValue {
  const { kind, inode, size, modifiedMs, changedMs, mode, userId, groupId, sha256, target } = entry;
  return [kind, inode, size, modifiedMs, changedMs, mode, userId, groupId, sha256 ?? '', target ?? ''];
}

function decodeEntry(value: JsonValue): FileEntry | undefined {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const [kindName, inode, size, modifiedMs, changedMs, mode, userId, groupId, sha256, target] = items;
  const kind = kinds.find((known) => known === kindName);
  if (kind === undefined || typeof sha256 !== 'string' || typeof target !== 'string') return undefined;
  if (
    typeof inode !== 'number' ||
    typeof size !== 'number' ||
    typeof modifiedMs !== 'number' ||
    typeof changedMs !== 'number'
  )
    return undefined;
  if (typeof mode !== 'number' || typeof userId !== 'number' || typeof groupId !== 'number') return undefined;
  const texts = { sha256: sha256 === '' ? undefined : sha256, target: target === '' ? undefined : target };
  return { kind, inode, size, modifiedMs, changedMs, mode, userId, groupId, ...texts };
}

/** Undefined when it is no such list: half a baseline would tell of changes that never were. */
export function decodeEntries(value: JsonValue): Map<string, FileEntry> | undefined {
  if (!isJsonObject(value)) return undefined;
  const entries = new Map<string, FileEntry>();
  for (const [path, encoded] of Object.entries(value)) {
    const entry = decodeEntry(encoded);
    if (entry === undefined) return undefined;
    entries.set(path, entry);
  }
  return entries;
}
