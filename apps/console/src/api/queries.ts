import { queryOptions } from '@tanstack/react-query';
import { call } from './call.ts';
import type { Answer } from './call.ts';
import { Problem } from './problem.ts';

export type Me = Answer<'GET /v1/session'>;
export type AlertRow = Answer<'GET /v1/alerts'>['alerts'][number];
export type AlertDetails = Answer<'GET /v1/alerts/{id}'>;
export type EventRow = Answer<'GET /v1/events'>['events'][number];
export type Level = AlertRow['level'];
export type AlertState = AlertRow['state'];
export type Disposition = NonNullable<AlertRow['disposition']>;
export type Overview = Answer<'GET /v1/overview'>;

/** Kept while somebody is signed in with this browser; says nothing of who. */
const signedInKey = 'sallyport.signed-in';

/** Remembers across visits whether to ask who is signed in. */
export function rememberSignedIn(me: Me | null | undefined): void {
  if (me === null) localStorage.removeItem(signedInKey);
  else if (me !== undefined) localStorage.setItem(signedInKey, '1');
}

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await call('GET /v1/session', { signal });
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  // Who never signed in here is not asked for: the refusal would stand in the browser's log as an error.
  initialData: () => (localStorage.getItem(signedInKey) === null ? null : undefined),
  staleTime: 60_000,
});

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => call('GET /v1/setup', { signal }),
  staleTime: Infinity,
});

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => call('GET /v1/overview', { signal }),
  refetchInterval: 10_000,
});

/** How many alerts are in a state; none when that is not known now. */
export function countOf(alerts: Overview['alerts'], state: AlertState): number {
  return alerts?.by_state.find((entry) => entry.state === state)?.count ?? 0;
}

export const eventQuery = (position: string) => {
  const [log = '', index = ''] = position.split('/');
  return queryOptions({
    queryKey: ['event', position],
    queryFn: ({ signal }) => call('GET /v1/events/{log}/{index}', { params: { log, index }, signal }),
    staleTime: Infinity,
  });
};

export const rulesQuery = queryOptions({
  queryKey: ['rules'],
  queryFn: ({ signal }) => call('GET /v1/rules', { signal }),
  staleTime: 300_000,
});

export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: ({ signal }) => call('GET /v1/account', { signal }),
});

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => call('GET /v1/users', { signal }),
});
