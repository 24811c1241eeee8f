import { X509Certificate } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { kindOfHost } from '@sallyport/platform/guarded-address';
import { ArchiveError } from './errors.ts';

export const lockModes = ['governance', 'compliance'] as const;
export const storageClasses = ['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR'] as const;
export type LockMode = (typeof lockModes)[number];

export type S3Settings = {
  readonly kind: 's3';
  readonly bucket: string;
  readonly region: string;
  /** Undefined: Amazon's own of the region. */
  readonly endpoint: string | undefined;
  /** What its certificate must lead to, when no public authority vouches for it. */
  readonly authorityPem: string | undefined;
  readonly prefix: string;
  readonly pathStyle: boolean;
  readonly mode: LockMode;
  readonly retentionDays: number;
  readonly storageClass: (typeof storageClasses)[number];
  /** `vault`: kept sealed; `environment`: the machine's own, found where AWS tools look. */
  readonly credentials: 'vault' | 'environment';
};
export type DirectorySettings = {
  readonly kind: 'directory';
  readonly path: string;
  /** It was on another disk than the data when it was set up. */
  readonly isApart: boolean;
};
export type PlaceSettings = S3Settings | DirectorySettings;
export type ArchiveSettings = {
  readonly place: PlaceSettings;
  /** Older entries that are not archived are an alarm. */
  readonly lagLimitHours: number;
  /** Entries so old go even when their segment is not full. */
  readonly spanMinutes: number;
};

export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/**
 * Where objects go, held against what an attacker with the right to change settings could make of it: the server must not be
 * led to clouds' metadata, nor send in clear over a network. Throws `archive_settings_invalid`.
 */
export function requireSettings(settings: ArchiveSettings, dataDirectory: string): void {
  const { place } = settings;
  if (place.kind === 'directory') {
    requireDirectory(place.path, dataDirectory);
    return;
  }
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(place.bucket) || place.bucket.includes('..'))
    throw invalid(`"${place.bucket}" is no name of a bucket`);
  if (!/^[a-z]{2}[a-z0-9-]{0,30}$/.test(place.region)) throw invalid(`"${place.region}" is no region`);
  if (!/^([a-z0-9][a-z0-9._-]{0,62}\/){0,8}$/.test(place.prefix))
    throw invalid(
      `the prefix "${place.prefix}" must be parts of lower case letters, digits, ".", "_" and "-", each followed by "/"`,
    );
  if (place.endpoint !== undefined) requireEndpoint(place.endpoint);
  if (place.authorityPem !== undefined) requireCertificate(place.authorityPem);
}

/** https, or http on this machine alone; no user, path, query; not where clouds keep credentials. */
function requireEndpoint(text: string): URL {
  const url = URL.parse(text);
  if (url === null || text.length > 300) throw invalid('the endpoint is no URL');
  const isHere = kindOfHost(url.hostname) === 'this-machine';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isHere))
    throw invalid('the endpoint must begin with https: (http: is for one on this machine alone)');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '' || url.pathname !== '/')
    throw invalid('the endpoint must be without user, password, path, query and fragment');
  if (kindOfHost(url.hostname) === 'nowhere') throw invalid('the endpoint leads where no archive is');
  return url;
}

/** Another disk, or a share that is mounted; never in what it is to outlive. */
function requireDirectory(path: string, dataDirectory: string): void {
  if (!isAbsolute(path) || path.length > 1000) throw invalid('the directory must be an absolute path');
  const inside = (inner: string, outer: string): boolean => `${inner}/`.startsWith(`${outer.replace(/\/+$/, '')}/`);
  if (inside(path, dataDirectory) || inside(dataDirectory, path))
    throw invalid('the directory must be apart from the data directory');
}

function requireCertificate(pem: string): void {
  try {
    if (new X509Certificate(pem).raw.length > 0) return;
  } catch {
    // Said below.
  }
  throw invalid('the authority is no certificate in PEM');
}

function invalid(why: string): ArchiveError {
  return new ArchiveError('archive_settings_invalid', `Cannot archive there: ${why}`, { details: { why } });
}
