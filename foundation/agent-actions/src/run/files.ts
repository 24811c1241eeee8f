import type { Run } from './run.ts';
import type { State } from './state.ts';
import { unknown } from './text.ts';
import type { Value } from './text.ts';

/** The path under which this call's own files are kept. */
export function absolute(path: string, { cwds }: State): string {
  if (path.startsWith('/')) return path;
  return `${cwds[0] ?? ''}/${path.replace(/^(?:\.\/)+/, '')}`;
}

/** What a file holds: as this call wrote it, as the caller knows it, or unknown. */
export function fileText(path: string, state: State, run: Run): Value {
  const at = absolute(path, state);
  const written = state.files.get(at);
  if (written !== undefined) return written;
  const given = run.context.files?.get(at);
  return given === undefined ? [unknown(`what is in ${path}`)] : [{ text: given }];
}
