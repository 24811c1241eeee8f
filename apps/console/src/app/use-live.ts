import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { call } from '../api/call.ts';
import { overviewQuery, sessionQuery } from '../api/queries.ts';
import type { AlertRow } from '../api/queries.ts';
import type { ListedEvent } from '../parts/listed-event.ts';
import { approvalsKey } from '../rooms/agents/approvals/approvals-query.ts';
import { announceAlert } from './announce-alert.ts';
import { takeListeningTurns } from './listening-turn.ts';
import { openLive } from './live.ts';
import type { Live, LiveState } from './live.ts';
import { nextToast, toastQuery } from './toast.ts';

export type LiveStatus = { readonly state: LiveState; readonly perSecond: number };
export type LiveControls = LiveStatus & { readonly pause: () => void; readonly resume: () => void };

const keptEvents = 400;
const settleMs = 100;
/** The rate is that of so long; short enough to follow, long enough not to flicker. */
const rateOverMs = 5000;
const neverStale = { staleTime: Infinity, gcTime: Infinity } as const;

export const liveStatusQuery = queryOptions({
  queryKey: ['live', 'status'],
  queryFn: (): LiveStatus => ({ state: 'connecting', perSecond: 0 }),
  initialData: (): LiveStatus => ({ state: 'connecting', perSecond: 0 }),
  ...neverStale,
});

/** The newest events that came by, newest first. */
export const liveEventsQuery = queryOptions({
  queryKey: ['live', 'events'],
  queryFn: (): readonly ListedEvent[] => [],
  initialData: (): readonly ListedEvent[] => [],
  ...neverStale,
});

export const newestAlertQuery = queryOptions({
  queryKey: ['live', 'alert'],
  queryFn: (): AlertRow | null => null,
  initialData: (): AlertRow | null => null,
  ...neverStale,
});

const stillSignedInQuery = queryOptions({
  queryKey: ['live', 'signed-in'],
  queryFn: ({ signal }) => call('GET /v1/session', { signal }),
  retry: false,
  staleTime: 0,
  gcTime: 0,
});

/** Keeps one live connection open and writes what it brings into the query cache. */
export function useLive(withEvents: boolean, withApprovals: boolean): LiveControls {
  const queries = useQueryClient();
  const live = useRef<Live>(undefined);
  const { data } = useQuery(liveStatusQuery);
  useEffect(() => {
    let refresh: ReturnType<typeof setTimeout> | undefined;
    let refreshedAtMs = -settleMs;
    let counted = 0;
    let countedFromMs = performance.now();
    // At once for one alert; for a row of them, again when it has settled.
    const refreshSoon = (): void => {
      const waitMs = Math.max(0, refreshedAtMs + settleMs - performance.now());
      refresh ??= setTimeout(() => {
        refresh = undefined;
        refreshedAtMs = performance.now();
        void queries.invalidateQueries({ queryKey: ['alerts'] });
        void queries.invalidateQueries({ queryKey: overviewQuery.queryKey });
      }, waitMs);
    };
    // Who is signed in may do something else now; a server that is away for a moment changes nothing.
    const refreshSession = (): void => {
      void queries.query(stillSignedInQuery).then(
        (me) => queries.setQueryData(sessionQuery.queryKey, me),
        () => undefined,
      );
    };
    const status = (change: Partial<LiveStatus>): void => {
      queries.setQueryData(liveStatusQuery.queryKey, (before): LiveStatus => ({
        state: 'connecting',
        perSecond: 0,
        ...before,
        ...change,
      }));
    };
    const others = new BroadcastChannel('sallyport.alerts');
    const refreshApprovals = (): void => void queries.invalidateQueries({ queryKey: approvalsKey });
    const kinds = ['alerts', ...(withEvents ? ['events'] : []), ...(withApprovals ? ['approvals'] : [])];
    const opened = openLive(kinds, {
      onState: (state) => status({ state }),
      onAlert(alert) {
        queries.setQueryData(newestAlertQuery.queryKey, alert);
        queries.setQueryData(toastQuery.queryKey, (shown) => nextToast(shown, alert));
        announceAlert(alert);
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel of this origin alone
        others.postMessage(alert);
        refreshSoon();
      },
      onAlertChange: refreshSoon,
      onApprovals: refreshApprovals,
      // That the session ended is noticed where every refusal is, also in a room that asks for nothing itself.
      onRefused: refreshSession,
      onBack() {
        refreshSession();
        refreshApprovals();
      },
      onEvents({ count, own, sample }) {
        // Without our own records, as everywhere a rate is told: looking on makes some.
        counted += Math.max(0, count - own);
        queries.setQueryData(liveEventsQuery.queryKey, (before = []) =>
          [...sample.toReversed(), ...before].slice(0, keptEvents),
        );
      },
    });
    live.current = opened;
    // A window at rest may be the only one that may make a sound.
    others.addEventListener('message', ({ data: alert }: MessageEvent<AlertRow>) => announceAlert(alert));
    const endTurns = takeListeningTurns({ onTurn: opened.wake, onTurnOver: opened.rest });
    // Also when nothing comes: silence is a rate too.
    const counting = setInterval(() => {
      const nowMs = performance.now();
      status({ perSecond: (counted * 1000) / (nowMs - countedFromMs) });
      [counted, countedFromMs] = [0, nowMs];
    }, rateOverMs);
    return () => {
      clearInterval(counting);
      clearTimeout(refresh);
      endTurns();
      others.close();
      opened.close();
    };
  }, [queries, withEvents, withApprovals]);
  return { ...data, pause: () => live.current?.pause(), resume: () => live.current?.resume() };
}
