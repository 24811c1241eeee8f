import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { ListObjectVersionsCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { ArchiveError } from '../errors.ts';
import type { S3Settings } from '../settings.ts';
import { s3Failure } from './s3-failure.ts';

/** One version of a name, or the marker that hides the ones before it. */
export type ListedVersion = {
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly isLatest: boolean;
  readonly isMarker: boolean;
  readonly storedAtMs: number;
};

const pageTimeoutMs = 120_000;

/**
 * Every version below the prefix, hidden ones too; page by page, each page's versions before its markers. Throws as `OffSite`
 * does; `off_site_missing` when there is no such bucket.
 */
export async function* listVersions(
  needs: {
    readonly client: S3Client;
    readonly settings: Pick<S3Settings, 'bucket' | 'prefix'>;
    readonly deadline: (ms: number) => AbortSignal;
  },
  signal: AbortSignal,
): AsyncIterable<ListedVersion> {
  const { client, settings, deadline } = needs;
  let at: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } | undefined = {};
  let last = '';
  while (at !== undefined) {
    const page: ListObjectVersionsCommandOutput = await client
      .send(new ListObjectVersionsCommand({ Bucket: settings.bucket, Prefix: settings.prefix, ...at }), {
        abortSignal: AbortSignal.any([signal, deadline(pageTimeoutMs)]),
      })
      .catch((error: unknown) => {
        if (error instanceof Error && error.name === 'NoSuchBucket')
          throw new ArchiveError('off_site_missing', `There is no bucket "${settings.bucket}"`, {
            cause: error,
            hint: 'check its name, the region and the endpoint',
          });
        throw s3Failure('list the versions it keeps', error);
      });
    const { Versions = [], DeleteMarkers = [] } = page;
    const entries = [
      ...Versions.map((one) => ({ ...one, isMarker: false })),
      ...DeleteMarkers.map((one) => ({ ...one, Size: 0, isMarker: true })),
    ];
    for (const { Key = '', VersionId = 'null', Size = 0, IsLatest, LastModified, isMarker } of entries)
      if (Key.startsWith(settings.prefix))
        yield {
          name: Key.slice(settings.prefix.length),
          version: VersionId,
          bytes: Size,
          isLatest: IsLatest === true,
          isMarker,
          storedAtMs: LastModified?.getTime() ?? 0,
        };
    const { NextKeyMarker: key, NextVersionIdMarker: version } = page;
    if (page.IsTruncated !== true) return;
    // A list that turns in a circle would never end: names only go up, and each page has something new.
    const place = `${key ?? ''}\n${version ?? ''}`;
    if (key === undefined || entries.length === 0 || place === last || key < last.slice(0, last.indexOf('\n')))
      throw new ArchiveError('off_site_mismatch', 'The archive lists its files out of order');
    last = place;
    at = { KeyMarker: key, ...(version === undefined ? {} : { VersionIdMarker: version }) };
  }
}
