import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type Device = Answer<'GET /v1/devices'>['devices'][number];
export type Invited = Answer<'POST /v1/devices/enrolments'>;
export type MadeStream = Answer<'POST /v1/devices/streams'>;

export const devicesQuery = queryOptions({
  queryKey: ['devices'],
  queryFn: ({ signal }) => call('GET /v1/devices', { signal }),
  refetchInterval: 5000,
});

/** What became of a code, every second while somebody may use it. */
export const enrolmentQuery = (id: string) =>
  queryOptions({
    queryKey: ['devices', 'enrolment', id],
    queryFn: ({ signal }) => call('GET /v1/devices/enrolments/{id}', { params: { id }, signal }),
    refetchInterval: ({ state }) => (state.data === undefined || state.data.state === 'open' ? 1000 : false),
  });

/** The device that used a code, until somebody has decided about it. */
export const deviceQuery = (id: string) =>
  queryOptions({
    queryKey: ['devices', id],
    queryFn: ({ signal }) => call('GET /v1/devices/{id}', { params: { id }, signal }),
    refetchInterval: 2000,
  });
