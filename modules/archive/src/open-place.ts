import { createDirectoryPlace } from './directory-place.ts';
import type { ArchivePlace } from './place.ts';
import { createArchiveClient } from './s3/s3-client.ts';
import { createS3Place } from './s3/s3-place.ts';
import type { Credentials, PlaceSettings } from './settings.ts';

export function openArchivePlace(
  settings: PlaceSettings,
  credentials: Credentials | undefined,
  needs: { readonly dataDirectory: string; readonly deadline: (ms: number) => AbortSignal },
): ArchivePlace {
  if (settings.kind === 'directory') return createDirectoryPlace(settings, needs);
  return createS3Place({ settings, client: createArchiveClient(settings, credentials), deadline: needs.deadline });
}
