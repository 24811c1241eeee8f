import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import type { RuleTestDraft } from './rule-test-draft.ts';

export type DocumentRow = Answer<'GET /v1/rules/documents'>['documents'][number];
export type OpenDocument = Answer<'GET /v1/rules/documents/{id}'>;
export type Checked = Answer<'POST /v1/rules/check'>;

const stagedMs = 5000;
const loadingMs = 1000;

export const documentsQuery = queryOptions({
  queryKey: ['rule-documents'],
  queryFn: ({ signal }) => call('GET /v1/rules/documents', { signal }),
  refetchInterval: ({ state }) =>
    state.data?.documents.some((one) => one.state === 'staged') === true ? stagedMs : false,
});

export const documentQuery = (id: string) =>
  queryOptions({
    queryKey: ['rule-document', id],
    queryFn: ({ signal }) => call('GET /v1/rules/documents/{id}', { params: { id }, signal }),
    refetchInterval({ state: { data } }) {
      if (data === undefined) return false;
      // Loading takes a moment, and somebody else may have begun it.
      if (data.document.active_version !== data.in_force.version) return loadingMs;
      return data.staging === undefined ? false : stagedMs;
    },
  });

export const vocabularyQuery = queryOptions({
  queryKey: ['rule-vocabulary'],
  queryFn: ({ signal }) => call('GET /v1/rules/vocabulary', { signal }),
  staleTime: 300_000,
});

/** The text of a rule in force, to begin another one from. */
export const ruleTextQuery = (id: string) =>
  queryOptions({
    queryKey: ['rule-text', id],
    queryFn: ({ signal }) => call('GET /v1/rules/{id}/text', { params: { id }, signal }),
    staleTime: Infinity,
  });

/** What can be honoured of a text while it is being written, and what its tests come to. */
export const checkQuery = (text: string, tests: readonly RuleTestDraft[], document: string | undefined) =>
  queryOptions({
    queryKey: ['rule-check', document ?? '', text, tests],
    queryFn: ({ signal }) =>
      call('POST /v1/rules/check', {
        body: { text, tests: tests.map((test) => ({ ...test })), ...(document === undefined ? {} : { document }) },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  });
