import { Type } from 'typebox';

/** Part of an answer whose time has events that were erased. */
export const ErasedAnswer = Type.Optional(
  Type.Integer({
    minimum: 1,
    description:
      'How many events of this time were erased: their content is gone with its key, and nobody can tell whether they fitted',
  }),
);

/** The same for people. */
export function erasedHints({ erased }: { readonly erased?: number }): string[] {
  if (erased === undefined) return [];
  return [
    `${erased} event${erased === 1 ? '' : 's'} of this time ${erased === 1 ? 'was' : 'were'} erased: what ${erased === 1 ? 'it' : 'they'} said is gone, and cannot be searched`,
  ];
}
