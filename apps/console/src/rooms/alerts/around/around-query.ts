import { queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type Around = Answer<'GET /v1/alerts/{id}/around'>;
export type AroundNode = Around['nodes'][number];
export type AroundEdge = Around['edges'][number];
export type CriticalityLevel = AroundNode['criticality']['level'];

/** So many hours before and after. */
export const spans = [1, 6, 24, 168] as const;

export function aroundQuery(id: string, hours: number) {
  return queryOptions({
    queryKey: ['alerts', 'around', id, hours],
    queryFn: ({ signal }) => call('GET /v1/alerts/{id}/around', { params: { id }, query: { hours }, signal }),
    staleTime: 30_000,
  });
}

export const nodeWords: Readonly<Record<AroundNode['kind'], string>> = {
  person: 'Person',
  host: 'Host',
  address: 'Address',
  camera: 'Camera',
  device: 'Device',
  agent: 'Agent',
  service: 'Service',
  site: 'Site',
  process: 'Program',
};

/** "people", for "and 312 more people". */
export const manyWords: Readonly<Record<AroundNode['kind'], string>> = {
  person: 'people',
  host: 'hosts',
  address: 'addresses',
  camera: 'cameras',
  device: 'devices',
  agent: 'agents',
  service: 'services',
  site: 'sites',
  process: 'programs',
};

export const criticalityWords: Readonly<Record<CriticalityLevel, string>> = {
  low: 'Low',
  normal: 'Normal',
  high: 'High',
  crown_jewel: 'Crown jewel',
};

/** What picture and list are given: they say the same. */
export type GraphView = {
  readonly around: Pick<Around, 'folds'>;
  readonly nodes: readonly AroundNode[];
  readonly edges: readonly AroundEdge[];
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
};
