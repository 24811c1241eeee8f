import { formatPosition } from '@sallyport/contracts';
import { Type, type Static } from 'typebox';
import type { Rebuilding } from './search.ts';

/** Part of every answer while the store is filled again. */
export const RebuildingAnswer = Type.Optional(
  Type.Object(
    { through: Type.String(), until: Type.String() },
    {
      description:
        'Present while the search store is being filled again: of what stands from `through` on, and before `until`, nothing is found yet',
    },
  ),
);

export function shownRebuilding({ rebuilding }: { readonly rebuilding?: Rebuilding }): {
  rebuilding?: Static<typeof RebuildingAnswer>;
} {
  if (rebuilding === undefined) return {};
  const { through, until } = rebuilding;
  return { rebuilding: { through: formatPosition(through), until: formatPosition(until) } };
}

/** The same for people. */
export function rebuildingHints({ rebuilding }: { readonly rebuilding?: Rebuilding }): string[] {
  if (rebuilding === undefined) return [];
  const { through, until } = rebuilding;
  return [
    `search is being filled again: events from ${formatPosition(through)} to ${formatPosition(until)} are not found yet`,
  ];
}
