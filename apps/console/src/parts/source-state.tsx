import { IconAntenna, IconAntennaOff, IconClockPause, IconFileCheck, IconHourglass } from '@tabler/icons-react';
import type { Overview } from '../api/queries.ts';
import { formatAge } from './numbers.ts';

export type SourceState = NonNullable<Overview['sources']>[number]['state'];

/** What needs a look stands on top. */
export const sourceStates: readonly SourceState[] = ['silent', 'heard', 'quiet', 'waiting', 'finished'];

const marks = {
  silent: { icon: IconAntennaOff, tone: 'warn', word: 'Silent' },
  heard: { icon: IconAntenna, tone: 'good', word: 'Heard' },
  quiet: { icon: IconClockPause, tone: 'quiet', word: 'Quiet' },
  waiting: { icon: IconHourglass, tone: 'quiet', word: 'Waiting' },
  finished: { icon: IconFileCheck, tone: 'quiet', word: 'Finished' },
} as const;

export function sourceStateWord(state: SourceState): string {
  return marks[state].word;
}

/** How a source stands, as a drawing, a word and a colour. */
export function SourceStateMark({ state, short = false }: { readonly state: SourceState; readonly short?: boolean }) {
  const { icon: Icon, tone, word } = marks[state];
  if (short) return <Icon size={18} stroke={1.7} className={tone} aria-label={word.toLowerCase()} />;
  return (
    <span className={`state-mark ${tone}`}>
      <Icon size={16} stroke={1.8} aria-hidden="true" /> {word}
    </span>
  );
}

/** The same in a sentence. */
export function standingWords(
  {
    state,
    lastSeenMs,
    dueMs,
  }: { readonly state: SourceState; readonly lastSeenMs?: number | undefined; readonly dueMs?: number | undefined },
  nowMs: number,
): string {
  const age = lastSeenMs === undefined ? '' : formatAge(lastSeenMs, nowMs);
  switch (state) {
    case 'silent':
      return `Silent: last heard ${age}, something was due ${dueMs === undefined ? 'by now' : formatAge(dueMs, nowMs)}`;
    case 'heard':
      return `Heard ${age}`;
    case 'quiet':
      return dueMs === undefined ? `Quiet, ${age}; sends now and then` : `Quiet, ${age}; not due yet`;
    case 'finished':
      return `Sent once, ${age}`;
    case 'waiting':
      return 'Nothing has come yet';
  }
}
