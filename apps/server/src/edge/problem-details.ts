import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';
import { EdgeError, edgeProblems } from './errors.ts';

/** An error as clients see it (RFC 9457). */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Stable; what programs go by. */
  readonly code: string;
  /** The correlation id of the request. */
  readonly instance: string;
  readonly hint?: string;
  readonly details?: JsonObject;
  /** What in the request is wrong, at most 20. */
  readonly errors?: readonly { readonly in: string; readonly at: string; readonly message: string }[];
};

export type ProblemTranslator = {
  /** Whatever was thrown, as a problem. Errors not meant for clients become `internal`, which says nothing but the correlation id. */
  translate(error: unknown, correlationId: string): Problem;
};

const maxErrors = 20;
const maxDetailLength = 1000;

/** Fastify's codes, as ours. */
const fastifyCodes: ReadonlyMap<string, keyof typeof edgeProblems> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'body_too_large'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'media_type_unsupported'],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', 'body_invalid'],
  ['FST_ERR_CTP_INVALID_JSON_BODY', 'body_invalid'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'body_invalid'],
  ['FST_ERR_VALIDATION', 'request_invalid'],
  ['FST_ERR_BAD_URL', 'request_invalid'],
  ['FST_ERR_MAX_PARAM_LENGTH', 'request_invalid'],
  ['FST_ERR_ROUTE_NOT_FOUND', 'route_not_found'],
] as const);

/** Throws `problem_code_twice` when two modules mean different things by one code. */
export function createProblemTranslator(tables: readonly ProblemTable[]): ProblemTranslator {
  const known = new Map<string, ProblemTable[string]>();
  for (const table of [edgeProblems, ...tables]) {
    for (const [code, entry] of Object.entries(table)) {
      const other = known.get(code);
      if (other !== undefined && (other.status !== entry.status || other.title !== entry.title)) {
        throw new EdgeError(
          'problem_code_twice',
          `Cannot use error code "${code}" twice: must mean the same in all modules`,
        );
      }
      known.set(code, entry);
    }
  }

  const build = (code: string, detail: string, correlationId: string, more: Partial<Problem> = {}): Problem => {
    const { status, title } = known.get(code) ?? edgeProblems.internal;
    return {
      type: `urn:sallyport:problem:${code}`,
      title,
      status,
      detail: detail.slice(0, maxDetailLength),
      code,
      instance: correlationId,
      ...more,
    };
  };

  return {
    translate(error, correlationId) {
      const thrown = codeOf(error) ?? '';
      if (error instanceof CodedError && known.has(thrown)) {
        return build(thrown, error.message, correlationId, {
          ...(error.hint === undefined ? {} : { hint: error.hint }),
          ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
        });
      }
      const code = error instanceof CodedError ? undefined : fastifyCodes.get(thrown);
      if (code === 'request_invalid')
        return build(code, messageOf(error), correlationId, { errors: validationErrors(error) });
      if (code !== undefined) return build(code, messageOf(error), correlationId);
      return build(
        'internal',
        'The server could not answer; its log has the reason under this correlation id',
        correlationId,
      );
    },
  };
}

/** `Retry-After` for what may be tried again: as the error says, else after a second. */
export function retryAfterSeconds(problem: Problem): number | undefined {
  if (problem.status !== 429 && problem.status !== 503) return undefined;
  const given: JsonValue | undefined = problem.details?.['retryAfterSeconds'];
  return typeof given === 'number' && given >= 1 ? Math.ceil(given) : 1;
}

/** What the validator found, from the error Fastify makes of it. */
function validationErrors(error: unknown): NonNullable<Problem['errors']> {
  if (typeof error !== 'object' || error === null || !('validation' in error) || !Array.isArray(error.validation))
    return [];
  const context =
    'validationContext' in error && typeof error.validationContext === 'string' ? error.validationContext : 'request';
  const found: unknown[] = error.validation;
  return found
    .slice(0, maxErrors)
    .map((entry) => ({ in: context, at: textOf(entry, 'instancePath'), message: textOf(entry, 'message') }));
}

function textOf(entry: unknown, name: 'instancePath' | 'message'): string {
  if (typeof entry !== 'object' || entry === null) return '';
  const value: unknown = Object.entries(entry).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value.slice(0, 200) : '';
}
