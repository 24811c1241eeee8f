import type { HeadObjectCommandOutput, ObjectLockMode } from '@aws-sdk/client-s3';
import type { OffSiteFacts } from '@sallyport/key-vault/server';
import { ArchiveError } from '../errors.ts';
import type { KeptFile } from '../place.ts';
import type { S3Settings } from '../settings.ts';

/** What a bucket says of an object. */
export function keptOf(name: string, head: HeadObjectCommandOutput): KeptFile {
  const value = head.ChecksumSHA256;
  const isOfParts = value !== undefined && /-\d+$/.test(value);
  const untilMs = head.ObjectLockRetainUntilDate?.getTime();
  return {
    name,
    bytes: head.ContentLength ?? -1,
    version: head.VersionId,
    sum:
      value === undefined
        ? undefined
        : isOfParts
          ? { kind: 'parts', value }
          : { kind: 'whole', value: Buffer.from(value, 'base64').toString('hex') },
    storedAtMs: head.LastModified?.getTime() ?? 0,
    lock:
      untilMs === undefined
        ? undefined
        : { mode: head.ObjectLockMode === 'COMPLIANCE' ? 'compliance' : 'governance', untilMs },
    isHeld: head.ObjectLockLegalHoldStatus === 'ON',
  };
}

export function factsOf({ bucket, prefix, mode, retentionDays }: S3Settings): OffSiteFacts {
  return {
    kind: 's3',
    place: `s3://${bucket}/${prefix}`,
    lock: mode,
    notPromised: [
      ...(mode === 'governance'
        ? ['Whoever holds the right to bypass governance retention can shorten the lock or delete what is kept']
        : []),
      `After ${retentionDays} days the lock of a file ends, unless a legal hold stands on it`,
      'Closing the account, or whoever runs the store itself, can end everything it keeps',
    ],
  };
}

export function lockModeOf(mode: S3Settings['mode']): ObjectLockMode {
  return mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
}

export function notLockable(bucket: string, why: string): ArchiveError {
  return new ArchiveError('bucket_not_lockable', `Cannot archive into "${bucket}": ${why}`, {
    hint: 'make a bucket with Object Lock: it can be switched on when the bucket is made, and brings versioning with it',
  });
}
