import { decodedViews } from './decoding/decoded-views.ts';
import { isAtLeast, withoutOverlaps, type Confidence, type Found, type Match } from './finding.ts';
import { findAddresses, findMachineAddresses } from './personal/find-addresses.ts';
import { findNumbers } from './personal/find-numbers.ts';
import { findAssignments } from './secrets/find-assignments.ts';
import { findPasswords } from './secrets/find-passwords.ts';
import { findPrivateKeys } from './secrets/find-private-keys.ts';
import { findTokens } from './secrets/find-tokens.ts';

export type FindOptions = {
  /** What is not looked for need not be: `personal` is not for code. */
  readonly classes?: readonly Found['class'][];
  /** The least that counts; `medium` where it is left out. */
  readonly least?: Confidence;
  /** Addresses of machines count as personal too. */
  readonly withMachineAddresses?: boolean;
};

export type FoundContent = {
  /** In order, none over another. */
  readonly found: readonly Found[];
  /** There was more, or it was hidden deeper, than is looked at. */
  readonly isCut: boolean;
};

/** Characters of a text that are looked at. */
export const longestText = 16_000_000;

/**
 * Secrets and personal data in a text, as they stand and under encodings. The same text gives the same; time grows with its length and
 * memory is bounded, whatever it is. It finds forms, not meaning: a secret without one, cut in two or in words, is not found.
 */
export function findContent(text: string, options: FindOptions = {}): FoundContent {
  const { classes = ['secret', 'personal'], least = 'medium' } = options;
  const looked = text.slice(0, longestText);
  const found: Found[] = [];
  const add = (
    matches: readonly Match[],
    place?: (match: Match) => Omit<Found, keyof Match> & { start: number; end: number },
  ): void => {
    for (const match of matches)
      if (isAtLeast(match.confidence, least)) found.push({ ...match, layers: [], ...place?.(match) });
  };
  const look = (view: string, isBytes: boolean): Match[] => {
    const isSecret = classes.includes('secret');
    const isPersonal = classes.includes('personal') && !isBytes;
    return [
      ...(isSecret ? [...findTokens(view), ...findPrivateKeys(view)] : []),
      ...(isSecret && !isBytes ? [...findPasswords(view), ...findAssignments(view)] : []),
      ...(isPersonal ? [...findAddresses(view), ...findNumbers(view)] : []),
      ...(isPersonal && options.withMachineAddresses === true ? findMachineAddresses(view) : []),
    ];
  };
  add(look(looked, false));
  const { views, isCut } = decodedViews(looked);
  for (const view of views)
    add(look(view.text, view.isBytes), ({ start, end }) => ({ ...view.placeOf(start, end), layers: view.layers }));
  return { found: withoutOverlaps(found), isCut: isCut || looked.length < text.length };
}
