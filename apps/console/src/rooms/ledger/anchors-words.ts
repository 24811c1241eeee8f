import { formatCount } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import type { AnchorsReport, TimeAuthority } from './anchors-query.ts';

type Tone = 'good' | 'warn' | 'bad';

export const authorityStates: Readonly<Record<TimeAuthority['state'], { readonly word: string; readonly tone: Tone }>> =
  {
    stamping: { word: 'stamps', tone: 'good' },
    waiting: { word: 'nothing stamped yet', tone: 'warn' },
    away: { word: 'does not answer', tone: 'warn' },
    wrong: { word: 'its answers do not verify', tone: 'bad' },
  };

/** What the time-stamps there are worth, in a sentence or two. */
export function anchorsVerdict({ authorities, stamps }: AnchorsReport): {
  readonly tone: Tone;
  readonly title: string;
  readonly text: string;
} {
  const [newest] = stamps;
  if (authorities.length === 0)
    return {
      tone: 'warn',
      title: newest === undefined ? 'Nobody outside states when' : 'No more time-stamps are asked for',
      text: 'Whoever gets hold of this host and the key of its log could write a history and date it back. A time-stamping authority (RFC 3161) that signs checkpoints rules that out for everything older than its newest stamp.',
    };
  if (authorities.some(({ state }) => state === 'wrong'))
    return {
      tone: 'bad',
      title: 'A time-stamping authority answers with what does not hold',
      text: 'What it answers is not believed and not kept. Its roots may have changed, its clock or this one may be wrong, or somebody stands between.',
    };
  if (newest === undefined)
    return { tone: 'warn', title: 'Nothing is stamped yet', text: 'The authority is asked again by itself.' };
  return {
    tone: authorities.some(({ state }) => state === 'stamping') ? 'good' : 'warn',
    title: `The first ${formatCount(newest.size)} entries of log ${newest.log} existed by ${newest.at.slice(0, 16).replace('T', ' ')} UTC`,
    text: `${printable(newest.signer)} signed that, under “${printable(newest.root)}”. Evidence carries the earliest stamp that reaches it, and “sallyport proof verify --tsa-root” checks it.`,
  };
}
