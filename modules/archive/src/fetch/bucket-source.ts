import { ArchiveError } from '../errors.ts';
import type { ArchivePlace } from '../place.ts';
import { createArchiveClient } from '../s3/s3-client.ts';
import { createS3Place } from '../s3/s3-place.ts';
import { listVersions } from '../s3/s3-versions.ts';
import type { ListedVersion } from '../s3/s3-versions.ts';
import type { Credentials, S3Settings } from '../settings.ts';

/** An archive to be read from: nothing of it is changed. */
export type ArchiveSource = Pick<ArchivePlace, 'find' | 'read' | 'sumOf' | 'close'> & {
  /** `s3://bucket/prefix/`. */
  readonly place: string;
  /** Without the right to see versions only what a reader gets now, and `isWhole` false. */
  versions(signal: AbortSignal): Promise<{ readonly isWhole: boolean; readonly listed: readonly ListedVersion[] }>;
};

/** Above it a list is of no archive of ours. */
const mostVersions = 2_000_000;

export function openBucketSource(
  settings: S3Settings,
  credentials: Credentials | undefined,
  needs: { readonly deadline: (ms: number) => AbortSignal; readonly partBytes?: number },
): ArchiveSource {
  const client = createArchiveClient(settings, credentials);
  const place = createS3Place({ ...needs, settings, client });

  async function gathered(listed: AsyncIterable<ListedVersion>): Promise<readonly ListedVersion[]> {
    const found: ListedVersion[] = [];
    for await (const one of listed) {
      if (found.push(one) > mostVersions)
        throw new ArchiveError('off_site_mismatch', `The archive lists over ${mostVersions} versions of files`);
    }
    return found;
  }

  async function* newest(signal: AbortSignal): AsyncIterable<ListedVersion> {
    for await (const { name, bytes, storedAtMs } of place.list('', signal))
      yield { name, bytes, storedAtMs, version: '', isLatest: true, isMarker: false };
  }

  return {
    place: place.facts.place,
    async versions(signal) {
      try {
        return { isWhole: true, listed: await gathered(listVersions({ client, settings, ...needs }, signal)) };
      } catch (error) {
        if (!(error instanceof ArchiveError && isDenied(error.cause))) throw error;
        return { isWhole: false, listed: await gathered(newest(signal)) };
      }
    },
    find: (name, version, signal) => place.find(name, named(version), signal),
    read: (name, version, mostBytes, signal) => place.read(name, named(version), mostBytes, signal),
    sumOf: (file, signal) => place.sumOf(file, signal),
    close: () => place.close(),
  };
}

const named = (version: string | undefined): string | undefined => (version === '' ? undefined : version);

/** No right to see versions, or a store that does not know the call. */
function isDenied(cause: unknown): boolean {
  return cause instanceof Error && (cause.name === 'AccessDenied' || cause.name === 'NotImplemented');
}
