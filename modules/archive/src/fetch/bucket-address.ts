import { ArchiveError } from '../errors.ts';
import { requireSettings } from '../settings.ts';
import type { S3Settings } from '../settings.ts';

export type BucketAddress = {
  /** `s3://bucket/prefix`. */
  readonly from: string;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly authorityPem: string | undefined;
};

/** Of a store that is not Amazon's, which ask for some region and mean none by it. */
const regionOfOthers = 'us-east-1';

/** Where an archive is fetched from; nothing is written there. Throws `archive_settings_invalid`. */
export function readBucketAddress({ from, region, endpoint, authorityPem }: BucketAddress): S3Settings {
  const parts = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(from);
  if (parts === null) throw invalid(`"${from.slice(0, 200)}" is not like s3://bucket/prefix`);
  const [, bucket = '', path = ''] = parts;
  const known = region ?? (endpoint === undefined ? undefined : regionOfOthers);
  if (known === undefined) throw invalid('no region is given', 'the one the bucket is in: --region eu-central-1');
  const settings: S3Settings = {
    kind: 's3',
    bucket,
    region: known,
    endpoint,
    authorityPem,
    prefix: path === '' || path.endsWith('/') ? path : `${path}/`,
    pathStyle: endpoint !== undefined,
    // What nothing is put with.
    mode: 'compliance',
    retentionDays: 1,
    storageClass: 'STANDARD',
    credentials: 'environment',
  };
  try {
    requireSettings({ place: settings, lagLimitHours: 1, spanMinutes: 1 }, '');
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const { why } = error.details;
    throw invalid(typeof why === 'string' ? why : error.message);
  }
  return settings;
}

function invalid(why: string, hint?: string): ArchiveError {
  return new ArchiveError(
    'archive_settings_invalid',
    `Cannot fetch from there: ${why}`,
    hint === undefined ? {} : { hint },
  );
}
