/** A file of a pack in which no rule stands: its licence, words for people. */
export type OtherFile = { readonly path: string; readonly sha256: string };

export type FileChange = { readonly change: 'added' | 'removed' | 'changed'; readonly path: string };

/** Told apart by path, in its order. */
export function compareFiles(before: readonly OtherFile[], after: readonly OtherFile[]): readonly FileChange[] {
  const old = new Map(before.map(({ path, sha256 }) => [path, sha256]));
  const changes: FileChange[] = [];
  for (const { path, sha256 } of after) {
    const was = old.get(path);
    old.delete(path);
    if (was !== sha256) changes.push({ change: was === undefined ? 'added' : 'changed', path });
  }
  for (const path of old.keys()) changes.push({ change: 'removed', path });
  return changes.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
