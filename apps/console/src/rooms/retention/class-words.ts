import { plural } from '../../parts/numbers.ts';
import { formatBytes } from '../../parts/span.ts';
import { keepWords } from './intent-words.ts';
import type { ErasedDay, Profile, RetentionClass } from './retention-query.ts';

export const profileWords: Readonly<Record<Profile, { readonly name: string; readonly minimum: string }>> = {
  'cert-in': { name: 'CERT-In directions (India)', minimum: 'logs for 180 days' },
  dpdp: { name: 'DPDP rules (India)', minimum: 'logs and personal data for a year, then erase' },
};

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
      text: `The laws chosen below want at least ${plural(of.minimum_days, 'day')}.`,
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
