import { queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type CoverageMap = Answer<'GET /v1/coverage'>;
export type CoveredTechnique = CoverageMap['techniques'][number];
export type TechniqueDetails = Answer<'GET /v1/coverage/techniques/{id}'>;
export type Verdict = CoveredTechnique['verdict'];
export type FrameworkId = 'attack' | 'atlas';

export const coverageQuery = (framework: FrameworkId, windowDays: number) =>
  queryOptions({
    queryKey: ['coverage', framework, windowDays],
    queryFn: ({ signal }) => call('GET /v1/coverage', { query: { framework, windowDays }, signal }),
    staleTime: 30_000,
  });

export const techniqueQuery = (id: string, windowDays: number) =>
  queryOptions({
    queryKey: ['coverage-technique', id, windowDays],
    queryFn: ({ signal }) =>
      call('GET /v1/coverage/techniques/{id}', { params: { id }, query: { windowDays }, signal }),
    staleTime: 30_000,
  });
