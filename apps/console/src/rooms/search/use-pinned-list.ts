import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { liveStatusQuery } from '../../app/use-live.ts';
import { countQuery, headQuery, laterQuery, pageRows } from './search-queries.ts';
import type { PinnedFilter, SearchFilter } from './search-queries.ts';

const followEveryMs = 1000;
const lookEveryMs = 5000;

/** `live`: the list follows the newest. `reading`: it would, but somebody reads it. `still`: it is of the past. */
export type TailState = 'live' | 'reading' | 'catching up' | 'paused' | 'offline' | 'still';

export type PinnedList = {
  /** Undefined until the first answer; its `filter` is undefined when nothing was found. */
  readonly pinned: { readonly filter: PinnedFilter | undefined; readonly of: SearchFilter } | undefined;
  readonly count: number;
  readonly newest: number;
  readonly tail: TailState;
  readonly error: Error | null;
  readonly isStale: boolean;
  readonly elapsedMs: number | undefined;
  readonly countingMs: number | undefined;
  /** What was understood in a way the writer may not have meant. */
  readonly hints: readonly string[];
  /** To the newest. */
  readonly catchUp: () => void;
  readonly retry: () => void;
};

/**
 * A list that stays as it is while it is read: it ends at the event that was the newest when it was asked for, and how
 * many came since is only counted. A live one moves that end on, for as long as nobody reads in it.
 */
export function usePinnedList(
  filter: SearchFilter,
  { isLive, isReading }: { readonly isLive: boolean; readonly isReading: boolean },
): PinnedList {
  const { data: feed } = useQuery(liveStatusQuery);
  const tail = tailState(feed.state, { isLive, isReading });
  const follows = tail === 'live' || tail === 'catching up';
  const head = useQuery({
    ...headQuery(filter),
    // Where nothing was found there may be something soon: what was recorded a moment ago is not searchable yet.
    refetchInterval: ({ state }) =>
      follows ? followEveryMs : filter.to === undefined && state.data?.rows.length === 0 ? lookEveryMs : false,
  });
  const [pinned, setPinned] = useState<PinnedList['pinned']>();
  const through = head.data?.rows[0]?.position;
  const isNew =
    pinned?.of !== filter ||
    (follows && pinned.filter?.through !== through) ||
    (pinned.filter === undefined && through !== undefined);
  if (head.data !== undefined && !head.isPlaceholderData && isNew) {
    setPinned({ of: filter, filter: through === undefined ? undefined : { ...filter, through } });
  }
  const pinnedFilter = pinned?.filter;
  const count = useQuery({ ...countQuery(pinnedFilter ?? filter), enabled: pinnedFilter !== undefined });
  const later = useQuery({
    ...laterQuery(filter, pinnedFilter?.through ?? ''),
    // What is received now ends after a range of the past.
    enabled: !follows && filter.to === undefined && pinnedFilter !== undefined,
    refetchInterval: isLive ? followEveryMs * 2 : lookEveryMs,
  });
  const [isCatchingUp, setCatchingUp] = useState(false);
  const { refetch } = head;
  useEffect(() => {
    if (!isCatchingUp) return;
    void refetch().then(({ data }) => {
      const newest = data?.rows[0]?.position;
      setPinned({ of: filter, filter: newest === undefined ? undefined : { ...filter, through: newest } });
      setCatchingUp(false);
    });
  }, [isCatchingUp, refetch, filter]);
  const known = head.data?.rows.length ?? 0;
  return {
    pinned,
    // Until it is counted: what the first page says.
    count: pinnedFilter === undefined ? 0 : Math.max(count.data?.count ?? 0, Math.min(known, pageRows)),
    newest: follows ? 0 : (later.data?.count ?? 0),
    tail,
    error: head.error,
    isStale: head.isPlaceholderData || pinned?.of !== filter,
    elapsedMs: head.data?.elapsedMs,
    countingMs: count.data?.elapsed_ms,
    // Of the page, not of the count: where nothing is found, nothing is counted.
    hints: head.isPlaceholderData ? [] : (head.data?.hints ?? []),
    catchUp: () => setCatchingUp(true),
    retry: () => void refetch(),
  };
}

function tailState(
  feed: 'connecting' | 'live' | 'catching up' | 'paused' | 'offline',
  { isLive, isReading }: { readonly isLive: boolean; readonly isReading: boolean },
): TailState {
  if (!isLive) return 'still';
  if (feed === 'paused' || feed === 'offline') return feed;
  if (isReading) return 'reading';
  return feed === 'live' ? 'live' : 'catching up';
}
