import { S3ServiceException } from '@aws-sdk/client-s3';
import { messageOf } from '@sallyport/platform/errors';
import { ArchiveError } from '../errors.ts';

const notFound: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion', 'NotFound']);
/** Said with 4xx and yet of the moment only. */
const passing: ReadonlySet<string> = new Set([
  'BadDigest',
  'IncompleteBody',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'SlowDown',
  'Throttling',
  'TooManyRequests',
  'XAmzContentSHA256Mismatch',
]);

export function isMissing(error: unknown): boolean {
  return (
    error instanceof S3ServiceException &&
    (notFound.has(error.name) || error.$metadata.httpStatusCode === 404) &&
    error.name !== 'NoSuchBucket'
  );
}

export function isNoSuchUpload(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'NoSuchUpload';
}

/** What went wrong, as of `OffSite`. The store's words are kept short: they are somebody else's. */
export function s3Failure(what: string, error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const name = error instanceof Error ? error.name : '';
  if (!(error instanceof S3ServiceException)) {
    const code = name === 'CredentialsProviderError' ? 'off_site_refused' : 'off_site_unavailable';
    return new ArchiveError(code, `The archive did not ${what}: ${messageOf(error).slice(0, 300)}`, { cause: error });
  }
  const status = error.$metadata.httpStatusCode ?? 0;
  const said = `${name}: ${error.message.slice(0, 300)}`;
  if (isMissing(error))
    return new ArchiveError('off_site_missing', `The archive did not ${what}: ${said}`, { cause: error });
  // A lifecycle rule of the bucket moved it: one file says so, which must not hold up the others.
  if (name === 'InvalidObjectState')
    return new ArchiveError('off_site_mismatch', `The archive cannot ${what}: it was moved to cold storage`, {
      cause: error,
    });
  const isPassing = passing.has(name) || status < 300 || status >= 500 || status === 429 || status === 408;
  if (isPassing)
    return new ArchiveError('off_site_unavailable', `The archive did not ${what}: ${said}`, { cause: error });
  const isElsewhere = status < 400;
  return new ArchiveError('off_site_refused', `The archive would not ${what}: ${said}`, {
    cause: error,
    ...(isElsewhere ? { hint: 'redirects are not followed: give the region and the endpoint the bucket is in' } : {}),
  });
}
