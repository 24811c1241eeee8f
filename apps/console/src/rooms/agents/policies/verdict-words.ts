import type { Replayed } from './own-policy-queries.ts';

export type Verdict = Replayed['differences'][number]['would'];

export const verdictWords: Readonly<Record<Verdict, string>> = {
  allow: 'Goes ahead',
  ask: 'Is asked about',
  deny: 'Is refused',
};
