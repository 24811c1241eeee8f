import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type ArchiveErrorCode =
  /** Away, slow or full: to be tried again. */
  | 'off_site_unavailable'
  /** Says no to who asks or to what is asked, for good. */
  | 'off_site_refused'
  | 'off_site_missing'
  /** What is kept there is not what was put there, or is locked for less. */
  | 'off_site_mismatch'
  | 'name_taken'
  | 'bucket_not_lockable'
  | 'archive_settings_invalid'
  | 'archive_off'
  | 'archive_busy'
  | 'archive_invalid'
  | 'restore_refused';

export class ArchiveError extends CodedError<ArchiveErrorCode> {}

/** How the edge answers each of them. */
export const archiveProblems: ProblemTable = {
  off_site_unavailable: { status: 502, title: 'The archive does not answer' },
  off_site_refused: { status: 502, title: 'The archive refuses' },
  off_site_missing: { status: 404, title: 'The archive has no such file' },
  off_site_mismatch: { status: 502, title: 'The archive does not hold what was put there' },
  name_taken: { status: 409, title: 'The archive has another file of this name' },
  bucket_not_lockable: { status: 400, title: 'This bucket cannot lock what it keeps' },
  archive_settings_invalid: { status: 400, title: 'These are no settings that can be used' },
  archive_off: { status: 409, title: 'No archive is set up' },
  archive_busy: { status: 409, title: 'The archive is being checked already' },
  archive_invalid: { status: 400, title: 'The archive does not verify' },
  restore_refused: { status: 400, title: 'The archive was not brought back' },
};
