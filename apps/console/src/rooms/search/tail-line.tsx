import { IconArrowUp } from '@tabler/icons-react';
import { formatCompact, formatCount, plural } from '../../parts/numbers.ts';
import type { PinnedList, TailState } from './use-pinned-list.ts';

const words: Readonly<Record<Exclude<TailState, 'still'>, string>> = {
  live: 'Live: follows the newest',
  reading: 'Paused while you read',
  'catching up': 'Catching up…',
  paused: 'Paused',
  offline: 'Offline, trying again',
};

/** How many, at what cost, whether it moves, and how many came since. */
export function TailLine({ list, onCatchUp }: { readonly list: PinnedList; readonly onCatchUp: () => void }) {
  const { count, newest, tail, elapsedMs, countingMs, isStale } = list;
  const cost =
    elapsedMs === undefined
      ? ''
      : ` · the engine took ${formatCount(elapsedMs)} ms${countingMs === undefined ? '' : `, counting ${formatCount(countingMs)} ms`}`;
  return (
    <div className="row tail-line">
      {tail === 'still' ? null : (
        <span className="tail-state small" data-state={tail} role="status">
          <i aria-hidden="true" /> {words[tail]}
        </span>
      )}
      <p className="quiet small" role={tail === 'still' ? 'status' : undefined}>
        {list.error !== null
          ? 'Not searched'
          : list.pinned === undefined || isStale
            ? 'Searching…'
            : `${plural(count, 'event')}${cost}`}
      </p>
      {newest === 0 ? null : (
        <button type="button" className="new-pill" onClick={onCatchUp}>
          <IconArrowUp size={14} aria-hidden="true" /> {formatCompact(newest)} new
        </button>
      )}
    </div>
  );
}
