import type { ReadOwnPolicy } from '../decisions/read-own.ts';

/** What may let a call through that was not: a permit that is new or otherwise, a forbid that is gone or otherwise, or about others. */
export type Opening = { readonly id: string; readonly kind: 'permit' | 'forbid'; readonly words: string };

/** Read from the texts and not from answers: a policy can permit one call of a thousand, and no list of calls finds it. */
export function openingsOf(before: readonly ReadOwnPolicy[], after: readonly ReadOwnPolicy[]): readonly Opening[] {
  const isIn = (one: ReadOwnPolicy, others: readonly ReadOwnPolicy[]): boolean =>
    others.some(({ text, scope }) => text === one.text && scope === one.scope);
  const opening = ({ id, words, effect }: ReadOwnPolicy): Opening => ({ id, kind: effect, words });
  return [
    ...after.filter((one) => one.effect === 'permit' && !isIn(one, before)).map(opening),
    ...before.filter((one) => one.effect === 'forbid' && !isIn(one, after)).map(opening),
  ];
}
