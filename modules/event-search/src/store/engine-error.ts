import { messageOf } from '@sallyport/platform/errors';
import { EventSearchError, type EventSearchErrorCode } from '../errors.ts';

/** Engine error numbers (ErrorCodes.cpp) that have a code of their own here. */
const known: Readonly<Record<number, { code: EventSearchErrorCode; message: string; hint: string }>> = {
  159: {
    code: 'query_timeout',
    message: 'Cannot finish the search: it took longer than allowed',
    hint: 'narrow the time range',
  },
  241: {
    code: 'query_too_large',
    message: 'Cannot finish the search: it needs more memory than allowed',
    hint: 'narrow the time range',
  },
  158: {
    code: 'query_too_large',
    message: 'Cannot finish the search: it reads more rows than allowed',
    hint: 'narrow the time range',
  },
  307: {
    code: 'query_too_large',
    message: 'Cannot finish the search: it reads more bytes than allowed',
    hint: 'narrow the time range',
  },
  396: {
    code: 'query_too_large',
    message: 'Cannot finish the search: the result is larger than allowed',
    hint: 'lower the limit or narrow the time range',
  },
};

/** Nothing of the query's own: what the engine may use as a whole is taken, by merges of what came in, or by other searches. */
const othersHaveMemory = /^Code: 241\. DB::Exception: \(total\) memory limit exceeded/;

function memoryBusy(): EventSearchError {
  return new EventSearchError(
    'store_busy',
    'Cannot run the search now: the event store needs its memory for other work',
    {
      details: { retryAfterSeconds: 5 },
      hint: 'try again in a few seconds; if it goes on, narrow the time range',
    },
  );
}

export function tooLarge(): EventSearchError {
  return new EventSearchError('query_too_large', 'Cannot finish the search: the result is larger than allowed', {
    hint: 'lower the limit or narrow the time range',
  });
}

/** The engine's messages quote rows and values, so only its number and its name for the error are passed on. */
export function engineError(error: unknown, otherwise: EventSearchErrorCode): EventSearchError {
  if (error instanceof EventSearchError) return error;
  const number = numberOf(error);
  const match = number === undefined || otherwise === 'store_write_failed' ? undefined : known[number];
  if (match !== undefined && number === 241 && othersHaveMemory.test(messageOf(error))) return memoryBusy();
  if (match !== undefined) return new EventSearchError(match.code, match.message, { hint: match.hint });
  const name = /\(([A-Z][A-Z0-9_]{2,60})\)/.exec(messageOf(error))?.[1] ?? 'unknown error';
  return new EventSearchError(
    otherwise,
    `Cannot ${actionOf(otherwise)}: the engine says ${number ?? ''} ${name}`.replace('  ', ' '),
    {
      details: { engineCode: number ?? 0, engineError: name },
    },
  );
}

function numberOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('clickhouseCode' in error && typeof error.clickhouseCode === 'number') return error.clickhouseCode;
  const match = /^Code: (\d+)\./.exec(messageOf(error));
  return match === null ? undefined : Number(match[1]);
}

function actionOf(code: EventSearchErrorCode): string {
  if (code === 'query_failed') return 'run the query';
  return code === 'store_write_failed' ? 'write to the event store' : 'open the event store';
}
