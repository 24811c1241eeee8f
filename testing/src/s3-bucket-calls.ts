import type { ObjectVersion, S3Bucket } from './s3-bucket.ts';
import type { S3Payload } from './s3-payload.ts';
import { S3Refusal } from './s3-refusal.ts';
import type { S3Answer, S3Call } from './s3-call.ts';
import { xmlDocument, xmlText } from './s3-xml.ts';
import type { XmlNode } from './s3-xml.ts';

const xml = (node: XmlNode): S3Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: xmlDocument(node),
});
const isoTime = (atMs: number): string => new Date(atMs).toISOString();

/** Calls about the bucket itself. */
export function answerBucket(
  bucket: S3Bucket,
  call: S3Call,
  payload: S3Payload,
  requireAllowed: (action: string) => void,
): S3Answer {
  const { method, query } = call;
  const text = payload.bytes.toString('utf8');
  if (method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': 'here' } };
  if (query.has('versioning')) {
    requireAllowed(method === 'GET' ? 'GetBucketVersioning' : 'PutBucketVersioning');
    if (method === 'GET') return xml(['VersioningConfiguration', [['Status', bucket.versioning()]]]);
    bucket.setVersioning(xmlText(text, 'Status') === 'Enabled' ? 'Enabled' : 'Suspended');
    return { status: 200 };
  }
  if (query.has('object-lock')) {
    requireAllowed(method === 'GET' ? 'GetBucketObjectLockConfiguration' : 'PutBucketObjectLockConfiguration');
    return method === 'GET' ? lockConfiguration(bucket) : setLockConfiguration(bucket, text);
  }
  if (method !== 'GET') throw new S3Refusal(501, 'NotImplemented', 'A call this server does not know');
  if (query.has('versions')) {
    requireAllowed('ListBucketVersions');
    return listVersions(bucket, call);
  }
  if (query.has('uploads')) {
    requireAllowed('ListBucketMultipartUploads');
    const prefix = query.get('prefix') ?? '';
    return xml([
      'ListMultipartUploadsResult',
      [
        ['Bucket', call.bucket],
        ['IsTruncated', false],
        ...bucket
          .uploads()
          .filter(({ key }) => key.startsWith(prefix))
          .map(({ key, id, atMs }): XmlNode => [
            'Upload',
            [
              ['Key', key],
              ['UploadId', id],
              ['Initiated', isoTime(atMs)],
            ],
          ]),
      ],
    ]);
  }
  requireAllowed('ListBucket');
  return listObjects(bucket, call);
}

function lockConfiguration(bucket: S3Bucket): S3Answer {
  if (!bucket.hasLock)
    throw new S3Refusal(
      404,
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
    );
  const rule = bucket.defaultRetention();
  const shown: XmlNode[] =
    rule === undefined
      ? []
      : [
          [
            'Rule',
            [
              [
                'DefaultRetention',
                [
                  ['Mode', rule.mode],
                  ['Days', rule.days],
                ],
              ],
            ],
          ],
        ];
  return xml(['ObjectLockConfiguration', [['ObjectLockEnabled', 'Enabled'], ...shown]]);
}

function setLockConfiguration(bucket: S3Bucket, text: string): S3Answer {
  const mode = xmlText(text, 'Mode');
  const days = Number(xmlText(text, 'Days'));
  if (mode === undefined) bucket.setDefaultRetention(undefined);
  else if ((mode === 'GOVERNANCE' || mode === 'COMPLIANCE') && days > 0) bucket.setDefaultRetention({ mode, days });
  else throw new S3Refusal(400, 'MalformedXML', 'The XML you provided was not well-formed');
  return { status: 200 };
}

/** `list-type=2`, by key; the token is the last key given. */
function listObjects(bucket: S3Bucket, { query, bucket: name }: S3Call): S3Answer {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const most = Math.min(1000, Number(query.get('max-keys') ?? 1000));
  const found = bucket.current().filter(({ key }) => key.startsWith(prefix) && key > after);
  const page = found.slice(0, most);
  const isTruncated = found.length > page.length;
  return xml([
    'ListBucketResult',
    [
      ['Name', name],
      ['Prefix', prefix],
      ['KeyCount', page.length],
      ['MaxKeys', most],
      ['IsTruncated', isTruncated],
      ['NextContinuationToken', isTruncated ? page.at(-1)?.key : undefined],
      ...page.map((version): XmlNode => ['Contents', described(version)]),
    ],
  ]);
}

/** The marker is a key and a version id: what comes behind them. */
function listVersions(bucket: S3Bucket, { query, bucket: name }: S3Call): S3Answer {
  const prefix = query.get('prefix') ?? '';
  const most = Math.min(1000, Number(query.get('max-keys') ?? 1000));
  const [keyMarker, versionMarker] = [query.get('key-marker') ?? '', query.get('version-id-marker') ?? ''];
  const all = bucket.versions().filter(({ key }) => key.startsWith(prefix));
  const at = all.findIndex(({ key, id }) => key === keyMarker && id === versionMarker);
  const found = at >= 0 ? all.slice(at + 1) : all.filter(({ key }) => key > keyMarker);
  const page = found.slice(0, most);
  const isTruncated = found.length > page.length;
  const last = page.at(-1);
  return xml([
    'ListVersionsResult',
    [
      ['Name', name],
      ['Prefix', prefix],
      ['MaxKeys', most],
      ['IsTruncated', isTruncated],
      ['NextKeyMarker', isTruncated ? last?.key : undefined],
      ['NextVersionIdMarker', isTruncated ? last?.id : undefined],
      ...page.map((version): XmlNode => {
        const common: XmlNode[] = [
          ['VersionId', version.id],
          ['IsLatest', version.isLatest],
        ];
        return version.bytes === undefined
          ? ['DeleteMarker', [['Key', version.key], ['LastModified', isoTime(version.atMs)], ...common]]
          : ['Version', [...described(version), ...common]];
      }),
    ],
  ]);
}

function described(version: ObjectVersion): XmlNode[] {
  return [
    ['Key', version.key],
    ['LastModified', isoTime(version.atMs)],
    ['ETag', `"${version.etag}"`],
    ['ChecksumAlgorithm', version.checksum === undefined ? undefined : 'SHA256'],
    ['ChecksumType', version.checksum === undefined ? undefined : version.checksumType],
    ['Size', version.bytes?.length ?? 0],
    ['StorageClass', version.storageClass],
  ];
}
