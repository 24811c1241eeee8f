import { watch } from 'node:fs';

/** Tells the names that change in a folder, without promise: some are lost when very many change at once. Throws when it cannot. */
export type WatchFolder = (
  path: string,
  onChange: (name: string | undefined) => void,
  onError: (error: unknown) => void,
) => () => void;

export const watchFolder: WatchFolder = (path, onChange, onError) => {
  const watcher = watch(path, { persistent: false }, (_kind, name) => onChange(name ?? undefined));
  watcher.on('error', onError);
  return () => watcher.close();
};
