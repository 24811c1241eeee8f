import { diffLines } from '@sallyport/platform/line-diff';
import type { DiffLine } from '@sallyport/platform/line-diff';
import { Type, type Static } from 'typebox';
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

type Compared = Pick<PolicyText, 'id' | 'name' | 'text'> & { readonly tests: readonly unknown[] };

/** What became of each document, by id. `hashOf` tells whether anything of it differs. */
export function compareTexts<Text extends Compared>(
  from: readonly Text[],
  to: readonly Text[],
  hashOf: (text: Text) => string,
): readonly DocumentDifference[] {
  const before = new Map(from.map((one) => [one.id, one]));
  const after = new Map(to.map((one) => [one.id, one]));
  const ids = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return ids.flatMap((id) => {
    const [was, is] = [before.get(id), after.get(id)];
    const one = is ?? was;
    if (one === undefined) return [];
    const isSame = was !== undefined && is !== undefined && hashOf(was) === hashOf(is);
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

/** As it is told. */
export const DifferenceBody = Type.Object({
  id: Type.String(),
  name: Type.String(),
  change: Type.String({ description: '`added`, `removed`, `changed` or `same`' }),
  tests_changed: Type.Boolean(),
  lines: Type.Array(
    Type.Object({
      kind: Type.Enum(['same', 'removed', 'added']),
      text: Type.String(),
      before: Type.Optional(Type.Integer({ description: 'Its number in the earlier text' })),
      after: Type.Optional(Type.Integer()),
    }),
  ),
});

export function shownDifference({ testsChanged, lines, ...one }: DocumentDifference): Static<typeof DifferenceBody> {
  return { ...one, tests_changed: testsChanged, lines: lines.map((line) => ({ ...line })) };
}
