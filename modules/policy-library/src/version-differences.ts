import { diffLines } from '@sallyport/platform/line-diff';
import type { DiffLine } from '@sallyport/platform/line-diff';
import { documentHash } from './policy-document.ts';
import type { PolicyText } from './policy-document.ts';

/** A document of one set of policies beside the same in another. */
export type DocumentDifference = {
  readonly id: string;
  /** As it is called in the later one; of what is gone, as it was. */
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed' | 'same';
  readonly testsChanged: boolean;
  /** Of the whole text; none where nothing changed. */
  readonly lines: readonly DiffLine[];
};

/** What became of each document, by id. */
export function compareVersions(from: readonly PolicyText[], to: readonly PolicyText[]): readonly DocumentDifference[] {
  const before = new Map(from.map((one) => [one.id, one]));
  const after = new Map(to.map((one) => [one.id, one]));
  const ids = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return ids.flatMap((id) => {
    const [was, is] = [before.get(id), after.get(id)];
    const one = is ?? was;
    if (one === undefined) return [];
    const isSame = was !== undefined && is !== undefined && documentHash(was) === documentHash(is);
    return [
      {
        id,
        name: one.name,
        change: was === undefined ? 'added' : is === undefined ? 'removed' : isSame ? 'same' : 'changed',
        testsChanged: JSON.stringify(was?.tests ?? []) !== JSON.stringify(is?.tests ?? []),
        lines: isSame ? [] : diffLines(was?.text ?? '', is?.text ?? ''),
      } as const,
    ];
  });
}
