import { hash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  paginateListParts,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';
import { ArchiveError } from '../errors.ts';
import type { KeptSum, Outgoing, OutgoingFile } from '../place.ts';
import type { S3Settings } from '../settings.ts';
import { sumOfParts } from '../sums.ts';
import { lockModeOf } from './s3-answers.ts';
import { isMissing, isNoSuchUpload } from './s3-failure.ts';

/** Sends a file under its lock, whole or in parts. Resolves with its version and the sum the bucket must show for it. */
export type S3Upload = (
  file: OutgoingFile,
  options: Outgoing,
  signal: AbortSignal,
) => Promise<{ readonly version: string | undefined; readonly sum: KeptSum }>;

export function createS3Upload(needs: {
  readonly client: S3Client;
  readonly settings: S3Settings;
  readonly partBytes: number;
  readonly keyOf: (name: string) => string;
  /** Ends one call. */
  readonly within: (signal: AbortSignal) => { readonly abortSignal: AbortSignal };
}): S3Upload {
  const { client, settings, partBytes, keyOf, within } = needs;
  const Bucket = settings.bucket;
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

  return async (file, options, signal) =>
    file.bytes > partBytes
      ? putInParts(file, options, signal)
      : { version: await putWhole(file, options, signal), sum: { kind: 'whole', value: file.sha256 } };
}

function requireSum(file: OutgoingFile, sha256: string): void {
  if (sha256 === file.sha256) return;
  throw new ArchiveError('off_site_mismatch', `Cannot archive "${file.name}": its bytes have changed on the way`);
}
