import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type OpenDocument = Answer<'GET /v1/agents/policies/documents/{id}'>;
export type Scope = OpenDocument['document']['scope'];
export type OwnTest = OpenDocument['tests'][number];
export type Checked = Answer<'POST /v1/agents/policies/check'>;
export type Versions = Answer<'GET /v1/agents/policies/versions'>;
export type Version = Versions['versions'][number];
export type Replayed = NonNullable<Answer<'GET /v1/agents/policies/versions/{version}'>['replayed']>;
export type Draft = {
  readonly name: string;
  readonly scope: Scope;
  readonly text: string;
  readonly tests: readonly OwnTest[];
};

const watchMs = 400;

export const ownPoliciesQuery = queryOptions({
  queryKey: ['agent-policies', 'documents'],
  queryFn: ({ signal }) => call('GET /v1/agents/policies', { signal }),
  refetchInterval: 10_000,
});

export const ownDocumentQuery = (id: string) =>
  queryOptions({
    queryKey: ['agent-policies', 'document', id],
    queryFn: ({ signal }) => call('GET /v1/agents/policies/documents/{id}', { params: { id }, signal }),
  });

/** One that cannot be read: what is known of it, and how it is in force. */
export const damagedDocumentQuery = (id: string) =>
  queryOptions({
    queryKey: ['damaged-agent-policy', id],
    // As it was when it was opened, for as long as it is: saving it mends it.
    staleTime: Infinity,
    gcTime: 0,
    async queryFn({ signal }) {
      const { in_force: inForce, damaged } = await call('GET /v1/agents/policies', { signal });
      const { version } = inForce;
      const { damaged: gone } = await call('GET /v1/agents/policies/versions', { signal });
      const isReadable = version !== undefined && !gone.some((one) => one.version === version);
      const texts = isReadable
        ? (await call('GET /v1/agents/policies/versions/{version}', { params: { version }, signal })).texts
        : [];
      const text = texts.find((one) => one.id === id);
      const found = damaged.find((one) => one.id === id);
      return {
        found: found ?? null,
        standing: text === undefined || version === undefined ? undefined : { ...text, version },
      };
    },
  });

export const ownVersionsQuery = queryOptions({
  queryKey: ['agent-policies', 'versions'],
  queryFn: ({ signal }) => call('GET /v1/agents/policies/versions', { signal }),
  refetchInterval: 10_000,
});

export const ownVersionQuery = (version: number) =>
  queryOptions({
    queryKey: ['agent-policies', 'version', version],
    queryFn: ({ signal }) => call('GET /v1/agents/policies/versions/{version}', { params: { version }, signal }),
  });

/** 0: none. */
export const ownDifferencesQuery = (from: number, to: number) =>
  queryOptions({
    queryKey: ['agent-policies', 'differences', from, to],
    queryFn: async ({ signal }) =>
      (await call('GET /v1/agents/policies/differences', { query: { from, to }, signal })).documents,
    staleTime: Infinity,
    retry: false,
  });

/** What it may let through, and who would have to agree; otherwise where another came into force meanwhile. */
export const prospectQuery = (version: number, against: number) =>
  queryOptions({
    queryKey: ['agent-policies', 'prospect', version, against],
    queryFn: ({ signal }) =>
      call('GET /v1/agents/policies/versions/{version}/prospect', { params: { version }, signal }),
    retry: false,
  });

export const replayQuery = (id: string | undefined) =>
  queryOptions({
    queryKey: ['agent-policies', 'replay', id ?? ''],
    queryFn: ({ signal }) => call('GET /v1/agents/policies/replays/{id}', { params: { id: id ?? '' }, signal }),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? watchMs : false),
    retry: false,
  });

/** What is wrong with a text while it is being written, and what its tests come to. */
export const ownCheckQuery = (draft: Draft, document?: string) =>
  queryOptions({
    queryKey: ['agent-policies', 'check', document ?? '', draft],
    queryFn: ({ signal }) =>
      call('POST /v1/agents/policies/check', {
        body: { draft: bodyOf(draft), ...(document === undefined ? {} : { document }) },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  });

export function bodyOf({ name, scope, text, tests }: Draft) {
  return {
    name: name.trim() === '' ? 'Untitled' : name.trim(),
    scope,
    text,
    tests: tests.map((one) => ({ ...one, input: { ...one.input } })),
  };
}
