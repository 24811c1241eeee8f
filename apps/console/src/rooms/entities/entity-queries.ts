import { queryOptions, useQuery } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { printable } from '../../parts/printable.ts';
import { agentsQuery } from '../agents/agents-query.ts';

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

/** What an entity is called: behaviour knows an agent by its id only, `names` are those of agents by id. */
export function entityName(
  { kind, name }: Pick<EntityRow, 'kind' | 'name'>,
  names: ReadonlyMap<string, string> | undefined,
): string {
  return printable((kind === 'agent' ? names?.get(name) : undefined) ?? name);
}

/** For whoever may see agents. */
export const useAgentNames = (me: Me): ReadonlyMap<string, string> | undefined =>
  useQuery({ ...agentsQuery, enabled: may(me, 'agents:read'), select: namesById }).data;

const namesById = ({ agents }: Answer<'GET /v1/agents'>): ReadonlyMap<string, string> =>
  new Map(agents.map(({ id, name }) => [id, name]));
