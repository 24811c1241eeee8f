import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type ServerErrorCode =
  | 'live_exhausted'
  | 'live_scope_missing'
  | 'live_position_invalid'
  | 'demo_busy'
  | 'demo_keys_exhausted';

/** What the server's own routes refuse: those that put several modules together. */
export class ServerError extends CodedError<ServerErrorCode> {}

/** How they appear over HTTP. */
export const serverProblems: ProblemTable = {
  live_exhausted: { status: 503, title: 'Too many live streams are open' },
  live_scope_missing: { status: 403, title: 'The caller may not follow this' },
  live_position_invalid: { status: 400, title: 'This is no place to resume from' },
  demo_keys_exhausted: { status: 429, title: 'There are too many keys for trying out' },
  demo_busy: { status: 429, title: 'Too many demonstrations are running' },
};
