import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type EntityRow = Answer<'GET /v1/behaviour/entities'>['entities'][number];
export type EntityDetails = Answer<'GET /v1/behaviour/entities/{id}'>;
export type EntityKind = EntityRow['kind'];

export const kindWords = {
  user: 'Person',
  host: 'Host',
  device: 'Device',
  camera: 'Camera',
  agent: 'Agent',
  key: 'Key',
} as const;

export const entityKinds = ['user', 'host', 'device', 'camera', 'agent', 'key'] as const;

export const entitiesQuery = (kind: EntityKind | undefined) =>
  queryOptions({
    queryKey: ['entities', kind],
    queryFn: ({ signal }) =>
      call('GET /v1/behaviour/entities', {
        query: { limit: 200, after: 0, ...(kind === undefined ? {} : { kind }) },
        signal,
      }),
    refetchInterval: 10_000,
  });

export const entityQuery = (id: string) =>
  queryOptions({
    queryKey: ['entities', 'one', id],
    queryFn: ({ signal }) => call('GET /v1/behaviour/entities/{id}', { params: { id }, signal }),
    refetchInterval: 10_000,
  });
