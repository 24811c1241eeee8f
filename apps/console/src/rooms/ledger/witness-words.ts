import { formatCount, plural } from '../../parts/numbers.ts';
import type { Witness, WitnessesReport } from './witnesses-query.ts';

export type WitnessTone = 'good' | 'warn' | 'bad' | 'quiet';

/** One word for how a witness stands; shape and colour go with it. */
export const stateWords: Readonly<Record<Witness['state'], { readonly word: string; readonly tone: WitnessTone }>> = {
  cosigning: { word: 'Cosigns', tone: 'good' },
  waiting: { word: 'Not asked yet', tone: 'quiet' },
  away: { word: 'Does not answer', tone: 'warn' },
  unknown_log: { word: 'Does not know the log', tone: 'warn' },
  wrong: { word: 'Answers wrongly', tone: 'bad' },
  refusing: { word: 'Refuses', tone: 'bad' },
};

export type Verdict = {
  readonly tone: 'plain' | 'good' | 'warn' | 'bad';
  readonly title: string;
  readonly text: string;
};

/** How well the ledger is watched from outside, worst first. */
export function verdictOf({ log, witnesses, policy, newest, tail }: WitnessesReport): Verdict {
  if (log.signing === 'held')
    return {
      tone: 'bad',
      title: 'The log takes entries and is not signed',
      text: 'At the start too few witnesses vouched that this is the newest of its history. It may have been put back. Once enough of them answer it is signed again by itself; vouch for it yourself only when you know why they do not.',
    };
  const refusing = witnesses.filter(({ state }) => state === 'refusing');
  if (refusing.length > 0)
    return {
      tone: 'bad',
      title: `${namesOf(refusing)} ${refusing.length === 1 ? 'refuses' : 'refuse'} this log`,
      text: 'It says it has seen more of this log, or another history of it. Either everything here was put back to an earlier day, or a copy of this server runs elsewhere, or something was rewritten.',
    };
  if (witnesses.length === 0)
    return {
      tone: 'warn',
      title: 'Without a witness, nobody can notice when everything is put back together',
      text: 'Ledger, keys and control database set back to the same day agree with each other. A witness on another machine, owned by somebody else, remembers how far the log had grown.',
    };
  if (tail?.too_old === true)
    return {
      tone: 'bad',
      title: `Unwitnessed for ${spanWords(tail.age_seconds)}`,
      text: `${plural(tail.entries, 'entry', 'entries')} at the end could still be rewritten unnoticed by whoever owns this host.`,
    };
  if (newest === null)
    return {
      tone: 'warn',
      title: 'Not witnessed yet',
      text: `Nobody outside has seen log ${log.number}. ${whoWords(policy)}`,
    };
  if (tail === null || tail.entries === 0)
    return { tone: 'good', title: 'Everything is witnessed', text: whoWords(policy) };
  return {
    tone: 'plain',
    title: `Witnessed up to ${tail.age_seconds === 0 ? 'just now' : `${spanWords(tail.age_seconds)} ago`}`,
    text: `${plural(tail.entries, 'entry', 'entries')} at the end ${tail.entries === 1 ? 'waits' : 'wait'} for the next round. ${whoWords(policy)}`,
  };
}

/** What was seen, of what there is. */
export function seenWords({ cosigned_size: size }: Witness, logSize: number): string {
  if (size === null) return 'has seen nothing of this log';
  return size >= logSize
    ? `all ${formatCount(size)} entries`
    : `${formatCount(size)} of ${formatCount(logSize)} entries`;
}

export function spanWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

function whoWords({ needed, of }: WitnessesReport['policy']): string {
  return of === 1
    ? 'One witness must cosign, and it is the only one.'
    : `${needed} of ${of} must cosign the same checkpoint.`;
}

function namesOf(witnesses: readonly Witness[]): string {
  return witnesses.map(({ name }) => name).join(' and ');
}

/** What is to be known of the end of a log that a restore closed. */
export function closedWords({ number, size, witnessed_size: seen, end }: WitnessesReport['closed'][number]): string {
  const rest = `the last ${formatCount(size - seen)} of ${formatCount(size)} entries`;
  switch (end) {
    case 'whole':
      return `Log ${number} is witnessed whole.`;
    case 'asking':
      return `Log ${number}: ${rest} have no witness yet; its last checkpoint still goes round.`;
    case 'fixed-by-next':
      return `Log ${number}: ${rest} never get a witness of their own, but the log after it commits to them and is witnessed.`;
    case 'never':
      return `Log ${number}: nobody outside has seen ${rest}, and nobody ever will.`;
  }
}
