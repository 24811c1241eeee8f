import type { LockMode, ObjectOptions, ObjectVersion, Retention, S3Bucket } from './s3-bucket.ts';
import type { S3Payload } from './s3-payload.ts';
import { S3Refusal } from './s3-refusal.ts';
import type { S3Answer, S3Call } from './s3-call.ts';
import { xmlAll, xmlDocument, xmlText } from './s3-xml.ts';
import type { XmlNode } from './s3-xml.ts';

const xml = (node: XmlNode): S3Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: xmlDocument(node),
});

/** Calls about one object. */
export function answerObject(
  bucket: S3Bucket,
  call: S3Call,
  payload: S3Payload,
  requireAllowed: (action: string) => void,
): S3Answer {
  const { method, key, query, mayBypass } = call;
  const versionId = query.get('versionId') ?? undefined;
  const uploadId = query.get('uploadId') ?? undefined;
  const text = payload.bytes.toString('utf8');
  if (query.has('retention')) {
    const version = visible(bucket, key, versionId);
    if (method === 'GET') return shownRetention(version, requireAllowed);
    requireAllowed('PutObjectRetention');
    bucket.setRetention(version, readRetention(xmlText(text, 'Mode'), xmlText(text, 'RetainUntilDate')), mayBypass);
    return { status: 200 };
  }
  if (query.has('legal-hold')) {
    const version = visible(bucket, key, versionId);
    if (method === 'GET') return xml(['LegalHold', [['Status', version.hold ? 'ON' : 'OFF']]]);
    requireAllowed('PutObjectLegalHold');
    bucket.setHold(version, xmlText(text, 'Status') === 'ON');
    return { status: 200 };
  }
  if (method === 'POST' && query.has('uploads')) {
    requireAllowed('PutObject');
    const algorithm = headerOf(call, 'x-amz-checksum-algorithm');
    const begun = bucket.beginUpload(key, algorithm, optionsOf(call, requireAllowed));
    const answer = xml([
      'InitiateMultipartUploadResult',
      [
        ['Bucket', call.bucket],
        ['Key', key],
        ['UploadId', begun.id],
      ],
    ]);
    return algorithm === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, 'x-amz-checksum-algorithm': algorithm } };
  }
  if (uploadId !== undefined) return answerUpload(bucket, { ...call, uploadId }, payload, requireAllowed);
  switch (method) {
    case 'PUT': {
      requireAllowed('PutObject');
      if (headerOf(call, 'if-none-match') === '*' && exists(bucket, key))
        throw new S3Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
      const put = bucket.put(key, payload, optionsOf(call, requireAllowed));
      return { status: 200, headers: versionHeaders(put, true) };
    }
    case 'HEAD':
    case 'GET':
      requireAllowed('GetObject');
      return read(visible(bucket, key, versionId), call);
    case 'DELETE': {
      requireAllowed(versionId === undefined ? 'DeleteObject' : 'DeleteObjectVersion');
      const { id, isMarker } = bucket.remove(key, versionId, mayBypass);
      return {
        status: 204,
        headers: { 'x-amz-version-id': id, ...(isMarker ? { 'x-amz-delete-marker': 'true' } : {}) },
      };
    }
    default:
      throw new S3Refusal(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
  }
}

function answerUpload(
  bucket: S3Bucket,
  call: S3Call & { readonly uploadId: string },
  payload: S3Payload,
  requireAllowed: (action: string) => void,
): S3Answer {
  const { method, key, query, uploadId } = call;
  switch (method) {
    case 'PUT': {
      requireAllowed('PutObject');
      const part = bucket.putPart(key, uploadId, Number(query.get('partNumber')), payload);
      return {
        status: 200,
        headers: {
          etag: `"${part.etag}"`,
          ...(part.sha256 === undefined ? {} : { 'x-amz-checksum-sha256': part.sha256 }),
        },
      };
    }
    case 'GET': {
      requireAllowed('ListMultipartUploadParts');
      const { parts, algorithm } = bucket.upload(key, uploadId);
      const after = Number(query.get('part-number-marker') ?? 0);
      const most = Math.min(1000, Number(query.get('max-parts') ?? 1000));
      const found = [...parts.entries()].filter(([number]) => number > after).toSorted(([a], [b]) => a - b);
      const page = found.slice(0, most);
      return xml([
        'ListPartsResult',
        [
          ['Bucket', call.bucket],
          ['Key', key],
          ['UploadId', uploadId],
          ['ChecksumAlgorithm', algorithm],
          ['PartNumberMarker', after],
          ['NextPartNumberMarker', page.at(-1)?.[0]],
          ['MaxParts', most],
          ['IsTruncated', found.length > page.length],
          ...page.map(([number, part]): XmlNode => [
            'Part',
            [
              ['PartNumber', number],
              ['LastModified', new Date(part.atMs).toISOString()],
              ['ETag', `"${part.etag}"`],
              ['Size', part.bytes.length],
              ['ChecksumSHA256', part.sha256],
            ],
          ]),
        ],
      ]);
    }
    case 'POST': {
      requireAllowed('PutObject');
      const listed = xmlAll(payload.bytes.toString('utf8'), 'Part').map((part) => ({
        number: Number(xmlText(part, 'PartNumber')),
        etag: xmlText(part, 'ETag') ?? '',
        sha256: xmlText(part, 'ChecksumSHA256'),
      }));
      const version = bucket.complete(key, uploadId, listed);
      return {
        ...xml([
          'CompleteMultipartUploadResult',
          [
            ['Bucket', call.bucket],
            ['Key', key],
            ['ETag', `"${version.etag}"`],
            ['ChecksumSHA256', version.checksum],
            ['ChecksumType', version.checksum === undefined ? undefined : version.checksumType],
          ],
        ]),
        headers: { 'content-type': 'application/xml', 'x-amz-version-id': version.id },
      };
    }
    case 'DELETE':
      requireAllowed('AbortMultipartUpload');
      bucket.abort(key, uploadId);
      return { status: 204 };
    default:
      throw new S3Refusal(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
  }
}

function read(version: ObjectVersion, call: S3Call): S3Answer {
  const bytes = version.bytes ?? Buffer.alloc(0);
  const withChecksum = headerOf(call, 'x-amz-checksum-mode') === 'ENABLED';
  const headers = {
    ...versionHeaders(version, withChecksum),
    'accept-ranges': 'bytes',
    'content-length': String(bytes.length),
    'last-modified': new Date(version.atMs).toUTCString(),
    'x-amz-storage-class': version.storageClass,
    'x-amz-object-lock-legal-hold': version.hold ? 'ON' : 'OFF',
    ...(version.retention === undefined
      ? {}
      : {
          'x-amz-object-lock-mode': version.retention.mode,
          'x-amz-object-lock-retain-until-date': new Date(version.retention.untilMs).toISOString(),
        }),
    ...Object.fromEntries(Object.entries(version.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(headerOf(call, 'range') ?? '');
  if (range === null) return { status: 200, headers, body: bytes };
  const from = Number(range[1]);
  const to = Math.min(bytes.length - 1, range[2] === '' ? Infinity : Number(range[2]));
  if (from > to) throw new S3Refusal(416, 'InvalidRange', 'The requested range is not satisfiable');
  const part = bytes.subarray(from, to + 1);
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(part.length),
      'content-range': `bytes ${from}-${to}/${bytes.length}`,
    },
    body: part,
  };
}

function visible(bucket: S3Bucket, key: string, versionId: string | undefined): ObjectVersion {
  const version = bucket.find(key, versionId);
  if (version.bytes !== undefined) return version;
  throw versionId === undefined
    ? new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.')
    : new S3Refusal(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
}

function exists(bucket: S3Bucket, key: string): boolean {
  return bucket.current().some((version) => version.key === key);
}

function shownRetention({ retention }: ObjectVersion, requireAllowed: (action: string) => void): S3Answer {
  requireAllowed('GetObjectRetention');
  if (retention === undefined)
    throw new S3Refusal(
      404,
      'NoSuchObjectLockConfiguration',
      'The specified object does not have a ObjectLock configuration',
    );
  return xml([
    'Retention',
    [
      ['Mode', retention.mode],
      ['RetainUntilDate', new Date(retention.untilMs).toISOString()],
    ],
  ]);
}

function optionsOf(call: S3Call, requireAllowed: (action: string) => void): ObjectOptions {
  const retention = readRetention(
    headerOf(call, 'x-amz-object-lock-mode'),
    headerOf(call, 'x-amz-object-lock-retain-until-date'),
  );
  const hold = headerOf(call, 'x-amz-object-lock-legal-hold') === 'ON';
  if (retention !== undefined) requireAllowed('PutObjectRetention');
  if (hold) requireAllowed('PutObjectLegalHold');
  return {
    retention,
    hold,
    metadata: Object.fromEntries(
      Object.entries(call.headers).flatMap(([name, value]) =>
        name.startsWith('x-amz-meta-') ? [[name.slice('x-amz-meta-'.length), String(value)]] : [],
      ),
    ),
    storageClass: headerOf(call, 'x-amz-storage-class') ?? 'STANDARD',
  };
}

function readRetention(mode: string | undefined, until: string | undefined): Retention | undefined {
  if (mode === undefined && until === undefined) return undefined;
  if (mode === undefined || until === undefined)
    throw new S3Refusal(
      400,
      'InvalidArgument',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    );
  const untilMs = Date.parse(until);
  if (!isLockMode(mode) || Number.isNaN(untilMs))
    throw new S3Refusal(400, 'InvalidArgument', 'Unknown wormMode directive.');
  return { mode, untilMs };
}

function isLockMode(text: string): text is LockMode {
  return text === 'GOVERNANCE' || text === 'COMPLIANCE';
}

function versionHeaders(version: ObjectVersion, withChecksum: boolean): Record<string, string> {
  return {
    etag: `"${version.etag}"`,
    'x-amz-version-id': version.id,
    ...(withChecksum && version.checksum !== undefined
      ? { 'x-amz-checksum-sha256': version.checksum, 'x-amz-checksum-type': version.checksumType }
      : {}),
  };
}

function headerOf({ headers }: S3Call, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
