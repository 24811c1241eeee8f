import { plural } from '../../parts/numbers.ts';
import { formatBytes } from '../../parts/span.ts';
import { keepWords } from './intent-words.ts';
import type { ErasedDay, Profile, RetentionClass } from './retention-query.ts';

export const profileWords: Readonly<Record<Profile, { readonly name: string; readonly minimum: string }>> = {
  'cert-in': { name: 'CERT-In directions (India)', minimum: 'at least 180 days of logs' },
  dpdp: {
    name: 'DPDP rules (India)',
    minimum:
      'at least a year; then the law wants personal data erased, which happens only once two people agreed on days above',
  },
};

/** That nothing ends by itself, and what is advised: laws beside “for ever” must not pass for clocks that run. */
export function endlessWords(
  endless: readonly Pick<RetentionClass, 'name' | 'recommended_days'>[],
  classes: number,
): { readonly title: string; readonly text: string } {
  const names = endless.map(({ name }) => `“${name}”`).join(', ');
  const days = endless.map(({ name, recommended_days: advised }) => `${name} ${plural(advised, 'day')}`).join(', ');
  return {
    title: endless.length === classes ? 'Nothing expires' : `Nothing of ${names} expires`,
    text: `${endless.length === classes ? 'Everything' : 'It'} is kept for ever until two people agree how long. Recommended: ${days}.`,
  };
}

/** What lies in a class now. */
export function keptWords({ kept }: Pick<RetentionClass, 'kept'>): string {
  return [plural(kept.days, 'day'), plural(kept.events, 'entry', 'entries'), formatBytes(kept.bytes)].join(' · ');
}

export type ChangeVerdict = { readonly kind: 'same' | 'refused' | 'longer' | 'shorter'; readonly text: string };

/** What a change of the days would mean, before it is asked for. */
export function judgeChange(
  of: Pick<RetentionClass, 'keep_days' | 'minimum_days'>,
  wanted: number | null | undefined,
): ChangeVerdict {
  if (wanted === undefined) return { kind: 'refused', text: 'Write a whole number of days, at least one.' };
  if (wanted === of.keep_days) return { kind: 'same', text: `It is kept ${keepWords(wanted)} now.` };
  if (wanted !== null && wanted < of.minimum_days)
    return {
      kind: 'refused',
      text: `What is chosen below wants at least ${plural(of.minimum_days, 'day')}.`,
    };
  const isLonger = wanted === null || (of.keep_days !== null && wanted > of.keep_days);
  return isLonger
    ? { kind: 'longer', text: 'It is kept longer: that holds at once.' }
    : {
        kind: 'shorter',
        text: 'Days would be destroyed: two people sign it with their passkeys, and the waiting time runs, before anything of it holds.',
      };
}

/** A whole number of days; undefined for what is none. */
export function daysOf(text: string): number | undefined {
  const days = /^\d{1,5}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return days >= 1 && days <= 36_525 ? days : undefined;
}

/** Who has forgotten an erased day, and who has not yet. */
export function forgottenWords({
  receipts,
  waiting,
  forgotten_at: at,
}: Pick<ErasedDay, 'receipts' | 'waiting' | 'forgotten_at'>): {
  readonly isDone: boolean;
  readonly text: string;
} {
  const copies = receipts.reduce((sum, { changed }) => sum + changed, 0);
  if (at !== null)
    return {
      isDone: true,
      text: `${plural(receipts.length, 'keeper')} of copies answered; ${copies === 0 ? 'none had a copy' : `${plural(copies, 'copy', 'copies')} forgotten`}`,
    };
  return {
    isDone: false,
    text: `waits for ${waiting.map(({ keeper, error }) => (error === null ? keeper : `${keeper} (${error})`)).join(', ')}`,
  };
}
