import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type OpenPolicy = Answer<'GET /v1/policy/documents/{id}'>;
export type PolicyTest = OpenPolicy['tests'][number];
export type Checked = Answer<'POST /v1/policy/check'>;
export type Version = Answer<'GET /v1/policy/versions'>['versions'][number];
export type Explained = Answer<'POST /v1/policy/explain'>;

export const documentsQuery = queryOptions({
  queryKey: ['policy', 'documents'],
  queryFn: ({ signal }) => call('GET /v1/policy/documents', { signal }),
});

export const documentQuery = (id: string) =>
  queryOptions({
    queryKey: ['policy', 'document', id],
    queryFn: ({ signal }) => call('GET /v1/policy/documents/{id}', { params: { id }, signal }),
  });

export const versionsQuery = queryOptions({
  queryKey: ['policy', 'versions'],
  queryFn: ({ signal }) => call('GET /v1/policy/versions', { signal }),
  refetchInterval: 5000,
});

export const impactQuery = (version: number, against: number) =>
  queryOptions({
    queryKey: ['policy', 'impact', version, against],
    queryFn: ({ signal }) => call('GET /v1/policy/versions/{version}/impact', { params: { version }, signal }),
    staleTime: 60_000,
    retry: false,
  });

export const matrixQuery = queryOptions({
  queryKey: ['policy', 'matrix'],
  queryFn: ({ signal }) => call('GET /v1/policy/matrix', { signal }),
});

export const bundledQuery = queryOptions({
  queryKey: ['policy', 'bundled'],
  queryFn: ({ signal }) => call('GET /v1/policy/bundled', { signal }),
  staleTime: Infinity,
});

/** What is wrong with a text while it is being written, and what its tests come to. */
export const checkQuery = (draft: { name: string; text: string; tests: readonly PolicyTest[] }, document?: string) =>
  queryOptions({
    queryKey: ['policy', 'check', document ?? '', draft],
    queryFn: ({ signal }) =>
      call('POST /v1/policy/check', {
        body: {
          name: draft.name === '' ? 'Untitled' : draft.name,
          text: draft.text,
          tests: draft.tests.map((one) => ({ ...one })),
          ...(document === undefined ? {} : { document }),
        },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  });
