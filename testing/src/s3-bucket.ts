// One bucket in memory: versions, delete markers, multipart uploads, and Object Lock as S3 enforces it.
import { hash, randomBytes } from 'node:crypto';
import type { S3Payload } from './s3-payload.ts';
import { S3Refusal } from './s3-refusal.ts';

export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';
export type Retention = { readonly mode: LockMode; readonly untilMs: number };
export type ObjectOptions = {
  readonly retention?: Retention | undefined;
  readonly hold?: boolean | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string;
};
export type ObjectVersion = {
  readonly id: string;
  readonly key: string;
  /** Undefined: a delete marker. */
  bytes: Buffer | undefined;
  etag: string;
  /** Base64, of parts with `-N` behind. */
  checksum: string | undefined;
  checksumType: 'FULL_OBJECT' | 'COMPOSITE';
  readonly atMs: number;
  retention: Retention | undefined;
  hold: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string;
};
type Part = {
  readonly bytes: Buffer;
  readonly sha256: string | undefined;
  readonly etag: string;
  readonly atMs: number;
};
export type Upload = {
  readonly id: string;
  readonly key: string;
  readonly algorithm: string | undefined;
  readonly parts: Map<number, Part>;
  readonly options: ObjectOptions;
  readonly atMs: number;
};
export type CompletedPart = { readonly number: number; readonly etag: string; readonly sha256: string | undefined };

const denied = (): S3Refusal =>
  new S3Refusal(403, 'AccessDenied', 'Access Denied because object protected by object lock.');
const md5 = (bytes: Buffer): string => hash('md5', bytes, 'hex');

export type S3Bucket = ReturnType<typeof createS3Bucket>;

export function createS3Bucket(needs: {
  readonly hasLock: boolean;
  readonly nowMs: () => number;
  readonly minPartBytes: number;
}) {
  const { nowMs } = needs;
  /** Oldest first. */
  const objects = new Map<string, ObjectVersion[]>();
  const uploads = new Map<string, Upload>();
  let versioning: 'Enabled' | 'Suspended' | undefined = needs.hasLock ? 'Enabled' : undefined;
  let defaultRetention: { readonly mode: LockMode; readonly days: number } | undefined;

  const requireLock = (): void => {
    if (!needs.hasLock) throw new S3Refusal(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration');
  };
  const checkLock = ({ retention, hold }: Pick<ObjectOptions, 'retention' | 'hold'>): void => {
    if (retention === undefined && hold !== true) return;
    requireLock();
    if (retention !== undefined && retention.untilMs <= nowMs())
      throw new S3Refusal(400, 'InvalidArgument', 'The retain until date must be in the future!');
  };
  const isLocked = ({ retention, hold }: ObjectVersion): boolean =>
    hold || (retention !== undefined && retention.untilMs > nowMs());

  const add = (
    key: string,
    options: ObjectOptions,
    content: Pick<ObjectVersion, 'bytes' | 'etag' | 'checksum' | 'checksumType'>,
  ) => {
    const fallback =
      defaultRetention === undefined
        ? undefined
        : { mode: defaultRetention.mode, untilMs: nowMs() + defaultRetention.days * 86_400_000 };
    const version: ObjectVersion = {
      ...content,
      id: versioning === 'Enabled' ? randomBytes(16).toString('base64url') : 'null',
      key,
      atMs: nowMs(),
      retention: content.bytes === undefined ? undefined : (options.retention ?? fallback),
      hold: options.hold ?? false,
      metadata: options.metadata,
      storageClass: options.storageClass,
    };
    const versions = objects.get(key) ?? [];
    objects.set(key, [...(versioning === 'Enabled' ? versions : versions.filter(({ id }) => id !== 'null')), version]);
    return version;
  };
  const find = (key: string, versionId?: string): ObjectVersion => {
    const versions = objects.get(key) ?? [];
    const found = versionId === undefined ? versions.at(-1) : versions.find(({ id }) => id === versionId);
    if (found === undefined)
      throw versionId === undefined
        ? new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.')
        : new S3Refusal(404, 'NoSuchVersion', 'The specified version does not exist.');
    return found;
  };
  const upload = (key: string, id: string): Upload => {
    const found = uploads.get(id);
    if (found?.key === key) return found;
    throw new S3Refusal(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
  };

  return {
    hasLock: needs.hasLock,
    versioning: () => versioning,
    setVersioning(state: 'Enabled' | 'Suspended') {
      if (needs.hasLock && state === 'Suspended')
        throw new S3Refusal(
          409,
          'InvalidBucketState',
          'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
        );
      versioning = state;
    },
    defaultRetention: () => defaultRetention,
    setDefaultRetention(rule: { mode: LockMode; days: number } | undefined) {
      requireLock();
      defaultRetention = rule;
    },
    put(key: string, { bytes, sha256 }: S3Payload, options: ObjectOptions) {
      checkLock(options);
      if (sha256 === undefined && (options.retention !== undefined || options.hold === true))
        throw new S3Refusal(
          400,
          'InvalidRequest',
          'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
        );
      return add(key, options, { bytes, etag: md5(bytes), checksum: sha256, checksumType: 'FULL_OBJECT' });
    },
    find,
    /** A marker without a version id; with one, that version goes, where no lock stands in the way. */
    remove(
      key: string,
      versionId: string | undefined,
      mayBypass: boolean,
    ): { readonly id: string; readonly isMarker: boolean } {
      if (versionId === undefined) {
        if (versioning === undefined) {
          objects.delete(key);
          return { id: 'null', isMarker: false };
        }
        const options = { metadata: {}, storageClass: 'STANDARD' };
        const marker = add(key, options, {
          bytes: undefined,
          etag: '',
          checksum: undefined,
          checksumType: 'FULL_OBJECT',
        });
        return { id: marker.id, isMarker: true };
      }
      const version = objects.get(key)?.find(({ id }) => id === versionId);
      if (version === undefined) return { id: versionId, isMarker: false };
      const bypassed = mayBypass && !version.hold && version.retention?.mode === 'GOVERNANCE';
      if (isLocked(version) && !bypassed) throw denied();
      objects.set(
        key,
        (objects.get(key) ?? []).filter((one) => one !== version),
      );
      return { id: versionId, isMarker: version.bytes === undefined };
    },
    /** COMPLIANCE only ever grows; GOVERNANCE shrinks for who may bypass it. */
    setRetention(version: ObjectVersion, next: Retention | undefined, mayBypass: boolean) {
      requireLock();
      const { retention } = version;
      if (next !== undefined) checkLock({ retention: next });
      const isStanding = retention !== undefined && retention.untilMs > nowMs();
      const isLess =
        next === undefined ||
        (isStanding &&
          (next.untilMs < retention.untilMs || (retention.mode === 'COMPLIANCE' && next.mode !== 'COMPLIANCE')));
      if (isStanding && isLess && (retention.mode === 'COMPLIANCE' || !mayBypass)) throw denied();
      version.retention = next;
    },
    setHold(version: ObjectVersion, hold: boolean) {
      requireLock();
      version.hold = hold;
    },
    beginUpload(key: string, algorithm: string | undefined, options: ObjectOptions): Upload {
      checkLock(options);
      const begun: Upload = {
        id: randomBytes(24).toString('base64url'),
        key,
        algorithm,
        parts: new Map(),
        options,
        atMs: nowMs(),
      };
      uploads.set(begun.id, begun);
      return begun;
    },
    upload,
    uploads: () => [...uploads.values()],
    putPart(key: string, id: string, number: number, { bytes, sha256 }: S3Payload): Part {
      const { parts, algorithm } = upload(key, id);
      if (!Number.isInteger(number) || number < 1 || number > 10_000)
        throw new S3Refusal(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
      if (algorithm === 'SHA256' && sha256 === undefined)
        throw new S3Refusal(
          400,
          'InvalidRequest',
          'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null',
        );
      const part = { bytes, sha256, etag: md5(bytes), atMs: nowMs() };
      parts.set(number, part);
      return part;
    },
    complete(key: string, id: string, listed: readonly CompletedPart[]): ObjectVersion {
      const { parts, algorithm, options } = upload(key, id);
      if (listed.length === 0) throw new S3Refusal(400, 'MalformedXML', 'The XML you provided was not well-formed');
      const taken = listed.map(({ number, etag, sha256 }, order): Part => {
        if (order > 0 && number <= (listed[order - 1]?.number ?? 0))
          throw new S3Refusal(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
        const part = parts.get(number);
        if (
          part === undefined ||
          part.etag !== etag.replaceAll('"', '') ||
          (algorithm !== undefined && part.sha256 !== sha256)
        )
          throw new S3Refusal(
            400,
            'InvalidPart',
            'One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part’s entity tag.',
          );
        if (part.bytes.length < needs.minPartBytes && order < listed.length - 1)
          throw new S3Refusal(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
        return part;
      });
      checkLock(options);
      uploads.delete(id);
      const digest = (name: 'md5' | 'sha256', sums: readonly Buffer[]): Buffer =>
        hash(name, Buffer.concat(sums), 'buffer');
      const etag = `${digest(
        'md5',
        taken.map((part) => Buffer.from(part.etag, 'hex')),
      ).toString('hex')}-${taken.length}`;
      const sums = taken.map(({ sha256 }) => Buffer.from(sha256 ?? '', 'base64'));
      return add(key, options, {
        bytes: Buffer.concat(taken.map(({ bytes }) => bytes)),
        etag,
        checksum: algorithm === undefined ? undefined : `${digest('sha256', sums).toString('base64')}-${taken.length}`,
        checksumType: 'COMPOSITE',
      });
    },
    abort(key: string, id: string) {
      uploads.delete(upload(key, id).id);
    },
    /** Newest first for each key, keys in order, as S3 lists them. */
    versions: (): readonly (ObjectVersion & { readonly isLatest: boolean })[] =>
      [...objects.entries()]
        .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .flatMap(([, versions]) =>
          versions
            .toReversed()
            .map((version, order) => Object.assign(Object.create(null), version, { isLatest: order === 0 })),
        ),
    current: (): readonly ObjectVersion[] =>
      [...objects.entries()]
        .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .flatMap(([, versions]) => versions.slice(-1))
        .filter(({ bytes }) => bytes !== undefined),
    /** What no client can do: the disk below, or whoever runs the store. */
    tamper: {
      /** Other bytes under the old sums: a disk that rots. */
      replace(key: string, bytes: Buffer) {
        find(key).bytes = bytes;
      },
      /** Other bytes with sums of their own. */
      swap(key: string, bytes: Buffer) {
        const version = find(key);
        version.bytes = bytes;
        version.checksum = hash('sha256', bytes, 'base64');
      },
      truncate(key: string) {
        const version = find(key);
        version.bytes = version.bytes?.subarray(0, -1);
      },
      shorten(key: string, untilMs: number) {
        const version = find(key);
        if (version.retention !== undefined) version.retention = { ...version.retention, untilMs };
      },
      drop(key: string) {
        objects.delete(key);
      },
    },
  };
}
