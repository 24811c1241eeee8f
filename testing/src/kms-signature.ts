// AWS Signature Version 4 as a server checks it.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export type SignedBy = { readonly accessKeyId: string; readonly region: string };

const algorithm = 'AWS4-HMAC-SHA256';
const maxSkewMs = 5 * 60_000;

/** Who signed a request for `service`, or the name of the error AWS answers with. `secretOf` knows the keys. */
export function verifySignature(
  request: IncomingMessage,
  body: Buffer,
  given: {
    readonly service: string;
    readonly nowMs: number;
    readonly secretOf: (accessKeyId: string) => string | undefined;
  },
): SignedBy | string {
  const authorization = request.headers.authorization ?? '';
  const parts = new RegExp(
    `^${algorithm} Credential=([A-Z0-9]+)/(\\d{8})/([a-z0-9-]+)/([a-z]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$`,
  ).exec(authorization);
  if (parts === null) return 'MissingAuthenticationTokenException';
  const [, accessKeyId = '', day = '', region = '', service = '', signedHeaders = '', signature = ''] = parts;
  const secret = given.secretOf(accessKeyId);
  if (secret === undefined) return 'UnrecognizedClientException';
  const time = String(request.headers['x-amz-date'] ?? '');
  const stated = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!time.startsWith(day) || !(Math.abs(stated - given.nowMs) < maxSkewMs)) return 'InvalidSignatureException';
  const names = signedHeaders.split(';');
  if (service !== given.service || !['host', 'x-amz-date', 'x-amz-target'].every((name) => names.includes(name))) {
    return 'InvalidSignatureException';
  }
  const url = new URL(request.url ?? '/', 'https://host');
  const headers = names.map(
    (name) =>
      `${name}:${String(request.headers[name] ?? '')
        .trim()
        .replaceAll(/ +/g, ' ')}\n`,
  );
  const canonical = [request.method, url.pathname, '', headers.join(''), signedHeaders, hash('sha256', body)].join(
    '\n',
  );
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = [algorithm, time, scope, hash('sha256', canonical)].join('\n');
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of [day, region, service, 'aws4_request', text])
    key = createHmac('sha256', key).update(part).digest();
  return timingSafeEqual(key, Buffer.from(signature, 'hex')) ? { accessKeyId, region } : 'InvalidSignatureException';
}
