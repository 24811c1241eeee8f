import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type OpenPolicy = Answer<'GET /v1/policy/documents/{id}'>;
export type PolicyTest = OpenPolicy['tests'][number];
export type Versions = Answer<'GET /v1/policy/versions'>;
export type Version = Versions['versions'][number];
export type Replay = Answer<'GET /v1/policy/replays/{id}'>;
export type Explained = Answer<'POST /v1/policy/explain'>;

const watchMs = 400;

export const documentsQuery = queryOptions({
  queryKey: ['policy', 'documents'],
  queryFn: ({ signal }) => call('GET /v1/policy/documents', { signal }),
});

export const documentQuery = (id: string) =>
  queryOptions({
    queryKey: ['policy', 'document', id],
    queryFn: ({ signal }) => call('GET /v1/policy/documents/{id}', { params: { id }, signal }),
  });

/** One that cannot be read: what is known of it, and its text as it is in force. Undefined where it can be read by now. */
export const damagedDocumentQuery = (id: string) =>
  queryOptions({
    queryKey: ['damaged-policy', id],
    // As it was when it was opened, for as long as it is: saving it mends it.
    staleTime: Infinity,
    gcTime: 0,
    async queryFn({ signal }) {
      const { damaged } = await call('GET /v1/policy/documents', { signal });
      const { in_force: inForce, damaged: gone } = await call('GET /v1/policy/versions', { signal });
      const { version } = inForce;
      const isReadable =
        version !== 0 && inForce.unreadable === undefined && !gone.some((one) => one.version === version);
      const texts = isReadable
        ? (await call('GET /v1/policy/versions/{version}', { params: { version }, signal })).texts
        : [];
      const text = texts.find((one) => one.id === id);
      const found = damaged.find((one) => one.id === id);
      return { found: found ?? null, standing: text === undefined ? undefined : { ...text, version } };
    },
  });

export const versionsQuery = queryOptions({
  queryKey: ['policy', 'versions'],
  queryFn: ({ signal }) => call('GET /v1/policy/versions', { signal }),
  refetchInterval: 5000,
});

/** Begun once for what is in force; the server forgets it after an hour. */
export const impactBegunQuery = (version: number, against: number) =>
  queryOptions({
    queryKey: ['policy', 'impact-begun', version, against],
    queryFn: async ({ signal }) => (await call('POST /v1/policy/impacts', { body: { version }, signal })).id,
    staleTime: 60_000,
    retry: false,
  });

export const impactQuery = (id: string | undefined) =>
  queryOptions({
    queryKey: ['policy', 'impact', id ?? ''],
    queryFn: ({ signal }) => call('GET /v1/policy/impacts/{id}', { params: { id: id ?? '' }, signal }),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? watchMs : false),
    retry: false,
  });

export const replaysQuery = queryOptions({
  queryKey: ['policy', 'replays'],
  queryFn: ({ signal }) => call('GET /v1/policy/replays', { signal }),
  retry: false,
});

export const replayQuery = (id: string) =>
  queryOptions({
    queryKey: ['policy', 'replay', id],
    queryFn: ({ signal }) => call('GET /v1/policy/replays/{id}', { params: { id }, signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? watchMs : false),
    retry: false,
  });

/** By the id of a request, or by a position. */
export const pastQuery = (decision: string) =>
  queryOptions({
    queryKey: ['policy', 'past', decision],
    queryFn: ({ signal }) =>
      call('GET /v1/policy/decisions/explain', {
        query: decision.includes('/') ? { position: decision } : { request: decision.toLowerCase() },
        signal,
      }),
    retry: false,
  });

/** 0: the built-in policies alone. */
export const differencesQuery = (from: number, to: number) =>
  queryOptions({
    queryKey: ['policy', 'differences', from, to],
    queryFn: async ({ signal }) =>
      (await call('GET /v1/policy/differences', { query: { from, to }, signal })).documents,
    staleTime: Infinity,
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
