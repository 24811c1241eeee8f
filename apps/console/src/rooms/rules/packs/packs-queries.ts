import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type ShownPack = Answer<'GET /v1/rules/packs'>['packs'][number];
export type ShownVersion = ShownPack['versions'][number];
export type Difference = Answer<'GET /v1/rules/packs/{name}/versions/{version}/diff'>;
export type RuleDifference = Answer<'GET /v1/rules/packs/{name}/versions/{version}/diff/{rule}'>;
export type ShownChange = Difference['changes'][number];

/** A release that is looked at. */
export type Release = { readonly name: string; readonly version: string };
export type DifferenceFilter = {
  readonly change?: ShownChange['change'];
  readonly level?: ShownChange['rule']['level'];
  readonly q?: string;
  readonly detection_only?: boolean;
  readonly offset: number;
};

export const changesPerPage = 100;
const readingMs = 500;

export const packsQuery = queryOptions({
  queryKey: ['rule-packs'],
  queryFn: ({ signal }) => call('GET /v1/rules/packs', { signal }),
  refetchInterval: ({ state }) =>
    state.data?.packs.some(({ versions }) => versions.some((one) => one.state === 'reading')) === true
      ? readingMs
      : false,
});

export const packKeysQuery = queryOptions({
  queryKey: ['rule-pack-keys'],
  queryFn: ({ signal }) => call('GET /v1/rules/pack-keys', { signal }),
});

export const differenceQuery = ({ name, version }: Release, filter: DifferenceFilter) =>
  queryOptions({
    queryKey: ['rule-pack-diff', name, version, filter],
    queryFn: ({ signal }) =>
      call('GET /v1/rules/packs/{name}/versions/{version}/diff', {
        params: { name, version },
        query: { ...filter, limit: changesPerPage },
        signal,
      }),
    placeholderData: keepPreviousData,
  });

export const ruleDifferenceQuery = ({ name, version }: Release, rule: string) =>
  queryOptions({
    queryKey: ['rule-pack-diff-rule', name, version, rule],
    queryFn: ({ signal }) =>
      call('GET /v1/rules/packs/{name}/versions/{version}/diff/{rule}', { params: { name, version, rule }, signal }),
  });
