import { Readable } from 'node:stream';
import {
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { ArchiveError } from '../errors.ts';
import { requireKept } from '../kept.ts';
import type { ArchivePlace, KeptFile } from '../place.ts';
import type { S3Settings } from '../settings.ts';
import { composeSum } from '../sums.ts';
import { factsOf, keptOf, lockModeOf, notLockable } from './s3-answers.ts';
import { abortable } from './s3-client.ts';
import { isMissing, s3Failure } from './s3-failure.ts';
import { createS3Upload } from './s3-upload.ts';

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
  const upload = createS3Upload({ client, settings, partBytes, keyOf, within });

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
        const { version, sum } = await upload(file, options, signal);
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
    async prolong(name, version, { mode, untilMs }, signal) {
      try {
        // What a clock that is ahead locks, nobody unlocks for years.
        requireClock();
        await client.send(
          new PutObjectRetentionCommand({
            Bucket,
            Key: keyOf(name),
            Retention: { Mode: lockModeOf(mode), RetainUntilDate: new Date(untilMs) },
            ChecksumAlgorithm: 'SHA256',
            ...(version === undefined ? {} : { VersionId: version }),
          }),
          within(signal),
        );
      } catch (error) {
        throw s3Failure(`prolong the lock of "${name}"`, error);
      }
    },
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
