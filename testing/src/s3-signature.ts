// AWS Signature Version 4 as S3 checks it: the path is signed as sent, and the payload by its stated hash.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Refusal } from './s3-refusal.ts';

const algorithm = 'AWS4-HMAC-SHA256';
const maxSkewMs = 15 * 60_000;
const required = ['host', 'x-amz-date', 'x-amz-content-sha256'];

/** The key id that signed the request. Throws as S3 refuses; the payload must then be compared with the stated hash. */
export function verifyS3Signature(
  request: IncomingMessage,
  given: {
    readonly region: string;
    readonly nowMs: number;
    readonly secretOf: (accessKeyId: string) => string | undefined;
  },
): string {
  const parts = new RegExp(
    `^${algorithm} Credential=([A-Z0-9]+)/(\\d{8})/([a-z0-9-]+)/s3/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$`,
  ).exec(request.headers.authorization ?? '');
  if (parts === null) throw new S3Refusal(403, 'AccessDenied', 'Access Denied');
  const [, accessKeyId = '', day = '', region = '', signedHeaders = '', signature = ''] = parts;
  const secret = given.secretOf(accessKeyId);
  if (secret === undefined)
    throw new S3Refusal(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
  const mismatch = new S3Refusal(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
  if (region !== given.region)
    throw new S3Refusal(
      400,
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${region}' is wrong; expecting '${given.region}'`,
    );
  const time = String(request.headers['x-amz-date'] ?? '');
  const stated = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!time.startsWith(day) || !(Math.abs(stated - given.nowMs) < maxSkewMs))
    throw new S3Refusal(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    );
  const names = signedHeaders.split(';');
  const all = Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'));
  if (![...required, ...all].every((name) => names.includes(name))) throw mismatch;
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const headers = names.map(
    (name) =>
      `${name}:${String(request.headers[name] ?? '')
        .trim()
        .replaceAll(/ +/g, ' ')}\n`,
  );
  const canonical = [
    request.method,
    path,
    query
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
      .toSorted()
      .join('&'),
    headers.join(''),
    signedHeaders,
    String(request.headers['x-amz-content-sha256']),
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of [
    day,
    region,
    's3',
    'aws4_request',
    [algorithm, time, scope, hash('sha256', canonical)].join('\n'),
  ])
    key = createHmac('sha256', key).update(part).digest();
  if (!timingSafeEqual(key, Buffer.from(signature, 'hex'))) throw mismatch;
  return accessKeyId;
}
