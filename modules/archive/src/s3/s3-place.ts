import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListParts,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart, HeadObjectCommandOutput, ObjectLockMode, S3Client } from '@aws-sdk/client-s3';
import type { OffSiteFacts } from '@sallyport/key-vault/server';
import { ArchiveError } from '../errors.ts';
import { requireKept } from '../kept.ts';
import type { ArchivePlace, KeptFile, Outgoing, OutgoingFile } from '../place.ts';
import type { S3Settings } from '../settings.ts';
import { composeSum, sumOfParts } from '../sums.ts';
import { abortable } from './s3-client.ts';
import { isMissing, isNoSuchUpload, s3Failure } from './s3-failure.ts';

export type S3PlaceNeeds = {
  readonly client: S3Client;
  readonly settings: S3Settings;
  /** Ends one call. */
  readonly deadline: (ms: number) => AbortSignal;
  /** Files above go in parts of this size; S3 wants at least 5 MiB. */
  readonly partBytes?: number;
};

const defaultPartBytes = 8 * 1024 * 1024;
/** As far as S3 itself lets them differ. */
const mostClockMinutes = 15;
const callTimeoutMs = 120_000;
/** A whole segment over a slow line. */
const readTimeoutMs = 1_800_000;

/** A bucket with Object Lock. Every file is written with its sum and its lock, and asked for again before it counts. */
export function createS3Place(needs: S3PlaceNeeds): ArchivePlace {
  const { client, settings } = needs;
  const partBytes = needs.partBytes ?? defaultPartBytes;
  const Bucket = settings.bucket;
  const keyOf = (name: string): string => `${settings.prefix}${name}`;
  const within = (signal: AbortSignal, ms = callTimeoutMs) => ({
    abortSignal: AbortSignal.any([signal, needs.deadline(ms)]),
  });
  const lockOf = ({ lockUntilMs, isHeld }: Pick<Outgoing, 'lockUntilMs' | 'isHeld'>) => ({
    ...(lockUntilMs === undefined
      ? {}
      : { ObjectLockMode: lockModeOf(settings.mode), ObjectLockRetainUntilDate: new Date(lockUntilMs) }),
    ...(isHeld ? { ObjectLockLegalHoldStatus: 'ON' as const } : {}),
  });
  const commonOf = (file: OutgoingFile, options: Outgoing) => ({
    Bucket,
    Key: keyOf(file.name),
    StorageClass: settings.storageClass,
    ContentType: 'application/octet-stream',
    Metadata: { sha256: file.sha256 },
    ...lockOf(options),
  });

  /** A lock is a time: with a clock that is behind it ends too soon, with one that is ahead it cannot be ended for years. */
  function requireClock(): void {
    const minutes = Math.round(client.config.systemClockOffset / 60_000);
    if (Math.abs(minutes) <= mostClockMinutes) return;
    throw new ArchiveError(
      'off_site_unavailable',
      `Cannot lock for a time: the clock of this machine is ${Math.abs(minutes)} minutes ${minutes > 0 ? 'behind' : 'ahead of'} the archive's`,
      { hint: 'have the clock of this machine set by a time service' },
    );
  }

  async function find(name: string, version: string | undefined, signal: AbortSignal): Promise<KeptFile | undefined> {
    try {
      const head = await client.send(
        new HeadObjectCommand({
          Bucket,
          Key: keyOf(name),
          ChecksumMode: 'ENABLED',
          ...(version === undefined ? {} : { VersionId: version }),
        }),
        within(signal),
      );
      return keptOf(name, head);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw s3Failure(`tell of "${name}"`, error);
    }
  }

  async function putWhole(file: OutgoingFile, options: Outgoing, signal: AbortSignal): Promise<string | undefined> {
    await options.turn();
    const Body = await file.read(0, file.bytes);
    requireSum(file, hash('sha256', Body, 'hex'));
    const { VersionId } = await client.send(
      new PutObjectCommand({
        ...commonOf(file, options),
        Body,
        ContentLength: Body.length,
        // Beside the sum itself: some stores look for this header alone before they lock.
        ChecksumAlgorithm: 'SHA256',
        ChecksumSHA256: Buffer.from(file.sha256, 'hex').toString('base64'),
      }),
      within(signal),
    );
    return VersionId;
  }

  /** Parts that are there already, by number; undefined when the upload is gone. */
  async function partsOf(name: string, UploadId: string, signal: AbortSignal) {
    const parts = new Map<
      number,
      { readonly etag: string; readonly sha256: string | undefined; readonly bytes: number }
    >();
    try {
      for await (const { Parts = [] } of paginateListParts(
        { client },
        { Bucket, Key: keyOf(name), UploadId },
        within(signal),
      ))
        for (const { PartNumber = 0, ETag = '', ChecksumSHA256, Size = 0 } of Parts)
          parts.set(PartNumber, { etag: ETag, sha256: ChecksumSHA256, bytes: Size });
      return parts;
    } catch (error) {
      if (isNoSuchUpload(error) || isMissing(error)) return undefined;
      throw error;
    }
  }

  async function putInParts(file: OutgoingFile, options: Outgoing, signal: AbortSignal) {
    let UploadId = options.uploadId;
    let there = UploadId === undefined ? undefined : await partsOf(file.name, UploadId, signal);
    if (there === undefined || UploadId === undefined) {
      const begun = await client.send(
        new CreateMultipartUploadCommand({ ...commonOf(file, options), ChecksumAlgorithm: 'SHA256' }),
        within(signal),
      );
      if (begun.UploadId === undefined) throw new ArchiveError('off_site_unavailable', 'The archive began no upload');
      UploadId = begun.UploadId;
      there = new Map();
      await options.begun(UploadId);
    }
    const parts: CompletedPart[] = [];
    const sums: Buffer[] = [];
    for (let at = 0, PartNumber = 1; at < file.bytes; at += partBytes, PartNumber += 1) {
      const Body = await file.read(at, Math.min(partBytes, file.bytes - at));
      const sum = hash('sha256', Body, 'buffer');
      const ChecksumSHA256 = sum.toString('base64');
      sums.push(sum);
      const known = there.get(PartNumber);
      if (known?.sha256 === ChecksumSHA256 && known.bytes === Body.length) {
        parts.push({ PartNumber, ETag: known.etag, ChecksumSHA256 });
        continue;
      }
      await options.turn();
      const { ETag } = await client.send(
        new UploadPartCommand({
          Bucket,
          Key: keyOf(file.name),
          UploadId,
          PartNumber,
          Body,
          ContentLength: Body.length,
          ChecksumAlgorithm: 'SHA256',
          ChecksumSHA256,
        }),
        within(signal),
      );
      parts.push({ PartNumber, ChecksumSHA256, ...(ETag === undefined ? {} : { ETag }) });
    }
    const { VersionId } = await client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: keyOf(file.name),
        UploadId,
        MultipartUpload: { Parts: parts },
      }),
      within(signal),
    );
    return { version: VersionId, sum: sumOfParts(sums) };
  }

  return {
    facts: factsOf(settings),
    async prepare(signal) {
      const what = `show that "${Bucket}" locks what it keeps`;
      try {
        const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }), within(signal));
        if (Status !== 'Enabled') throw notLockable(Bucket, 'its versioning is not enabled');
        const { ObjectLockConfiguration } = await client.send(
          new GetObjectLockConfigurationCommand({ Bucket }),
          within(signal),
        );
        if (ObjectLockConfiguration?.ObjectLockEnabled !== 'Enabled')
          throw notLockable(Bucket, 'it has no Object Lock');
        requireClock();
      } catch (error) {
        if (error instanceof Error && error.name === 'ObjectLockConfigurationNotFoundError')
          throw notLockable(Bucket, 'it has no Object Lock');
        throw s3Failure(what, error);
      }
    },
    find,
    async put(file, options, signal) {
      try {
        requireClock();
        const { version, sum } =
          file.bytes > partBytes
            ? await putInParts(file, options, signal)
            : { version: await putWhole(file, options, signal), sum: { kind: 'whole' as const, value: file.sha256 } };
        // A word of success is not enough: what is kept is asked for by its version.
        const kept = version === undefined ? undefined : await find(file.name, version, signal);
        if (version === undefined || kept === undefined)
          throw new ArchiveError('off_site_mismatch', `The archive said it keeps "${file.name}", and does not show it`);
        return requireKept(kept, { file, options: { ...options, lockMode: settings.mode }, sum });
      } catch (error) {
        throw s3Failure(`keep "${file.name}"`, error);
      }
    },
    async *read(name, version, mostBytes, signal) {
      const ending = within(signal, readTimeoutMs);
      try {
        const { Body } = await client.send(
          new GetObjectCommand({ Bucket, Key: keyOf(name), ...(version === undefined ? {} : { VersionId: version }) }),
          ending,
        );
        if (!(Body instanceof Readable))
          throw new ArchiveError('off_site_unavailable', `The archive gave nothing for "${name}"`);
        let bytes = 0;
        const chunks: AsyncIterable<Buffer> = abortable(Body, ending.abortSignal);
        for await (const chunk of chunks) {
          bytes += chunk.length;
          if (bytes > mostBytes) {
            Body.destroy();
            throw new ArchiveError('off_site_mismatch', `The archive gives more of "${name}" than was kept`);
          }
          yield chunk;
        }
      } catch (error) {
        throw s3Failure(`give "${name}" back`, error);
      }
    },
    async *list(prefix, signal) {
      let ContinuationToken: string | undefined;
      let last = '';
      do {
        const page = await client
          .send(
            new ListObjectsV2Command({
              Bucket,
              Prefix: keyOf(prefix),
              ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
            }),
            within(signal),
          )
          .catch((error: unknown) => {
            throw s3Failure('list what it keeps', error);
          });
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          // A list that turns in a circle would never end.
          if (Key <= last) throw new ArchiveError('off_site_mismatch', 'The archive lists its files out of order');
          last = Key;
          if (Key.startsWith(settings.prefix))
            yield { name: Key.slice(settings.prefix.length), bytes: Size, storedAtMs: LastModified?.getTime() ?? 0 };
        }
        const next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
        if (next !== undefined && (page.Contents ?? []).length === 0)
          throw new ArchiveError('off_site_mismatch', 'The archive lists nothing and says there is more');
        ContinuationToken = next;
      } while (ContinuationToken !== undefined);
    },
    sumOf: (file) => composeSum(file, partBytes),
    async setHold(name, version, isHeld, signal) {
      try {
        await client.send(
          new PutObjectLegalHoldCommand({
            Bucket,
            Key: keyOf(name),
            LegalHold: { Status: isHeld ? 'ON' : 'OFF' },
            ChecksumAlgorithm: 'SHA256',
            ...(version === undefined ? {} : { VersionId: version }),
          }),
          within(signal),
        );
      } catch (error) {
        throw s3Failure(`${isHeld ? 'place' : 'lift'} the legal hold on "${name}"`, error);
      }
    },
    close: () => client.destroy(),
  };
}

function keptOf(name: string, head: HeadObjectCommandOutput): KeptFile {
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

function factsOf({ bucket, prefix, mode, retentionDays }: S3Settings): OffSiteFacts {
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

function lockModeOf(mode: S3Settings['mode']): ObjectLockMode {
  return mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
}

function notLockable(bucket: string, why: string): ArchiveError {
  return new ArchiveError('bucket_not_lockable', `Cannot archive into "${bucket}": ${why}`, {
    hint: 'make a bucket with Object Lock: it can be switched on when the bucket is made, and brings versioning with it',
  });
}

function requireSum(file: OutgoingFile, sha256: string): void {
  if (sha256 === file.sha256) return;
  throw new ArchiveError('off_site_mismatch', `Cannot archive "${file.name}": its bytes have changed on the way`);
}
