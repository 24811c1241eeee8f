// A small Amazon S3 for tests: versions, Object Lock, multipart uploads and checksums, with the rules S3 enforces (API of 2006-03-01).
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createS3Bucket } from './s3-bucket.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { answerBucket } from './s3-bucket-calls.ts';
import type { S3Answer, S3Call } from './s3-call.ts';
import { answerObject } from './s3-object-calls.ts';
import { readS3Payload } from './s3-payload.ts';
import { S3Refusal } from './s3-refusal.ts';
import { verifyS3Signature } from './s3-signature.ts';
import { createTestAuthority } from './test-authority.ts';
import type { TestCertificate } from './test-authority.ts';
import { xmlDocument } from './s3-xml.ts';

export type S3Account = {
  readonly secret: string;
  /** Whether it holds `s3:BypassGovernanceRetention`. */
  readonly mayBypass?: boolean;
  /** Actions it is refused, as S3 names them: `PutObject`. */
  readonly denied?: readonly string[];
};
/** Answers in the server's place, or does something first and leaves the answer to it (`undefined`). */
export type S3Interference = (
  call: Pick<S3Call, 'method' | 'key' | 'query'>,
  response: ServerResponse,
) => boolean | undefined;

export type S3Server = {
  readonly endpoint: string;
  /** PEM of the authority that signed its certificate; undefined when it speaks plain http. */
  readonly certificatePem: string | undefined;
  /** `METHOD key?query names`, in order, refused ones too. */
  readonly calls: string[];
  bucket(name: string): S3Bucket;
  /** True from it means: answered already. */
  interfere(by: S3Interference | undefined): void;
  /** Lets time pass: locks end. */
  advance(milliseconds: number): void;
  close(): Promise<void>;
};

let authority: { readonly certificatePem: string; readonly certificate: TestCertificate } | undefined;

/** Serves one region; `accounts` by their access key ids, `buckets` by name with whether they were made with Object Lock. */
export async function startS3Server(given: {
  readonly region: string;
  readonly accounts: Readonly<Record<string, S3Account>>;
  readonly buckets: Readonly<Record<string, { readonly hasLock: boolean; readonly isVersioned?: boolean }>>;
  /** 5 MiB at Amazon. */
  readonly minPartBytes?: number;
  readonly tls?: boolean;
  readonly port?: number;
}): Promise<S3Server> {
  const calls: string[] = [];
  const buckets = new Map<string, S3Bucket>();
  let passedMs = 0;
  let interference: S3Interference | undefined;
  const nowMs = (): number => Date.now() + passedMs;
  const makeBucket = (name: string, hasLock: boolean): S3Bucket => {
    const made = createS3Bucket({ hasLock, nowMs, minPartBytes: given.minPartBytes ?? 5 * 1024 * 1024 });
    buckets.set(name, made);
    return made;
  };
  for (const [name, { hasLock, isVersioned }] of Object.entries(given.buckets)) {
    const made = makeBucket(name, hasLock);
    if (isVersioned === true) made.setVersioning('Enabled');
  }

  async function answer(request: IncomingMessage, call: Omit<S3Call, 'mayBypass'>): Promise<S3Answer> {
    const accessKeyId = verifyS3Signature(request, {
      region: given.region,
      nowMs: nowMs(),
      secretOf: (id) => given.accounts[id]?.secret,
    });
    const payload = await readS3Payload(request);
    const account = given.accounts[accessKeyId];
    const mayBypass = account?.mayBypass === true && call.headers['x-amz-bypass-governance-retention'] === 'true';
    const full = { ...call, mayBypass };
    const requireAllowed = (action: string): void => {
      if (account?.denied?.includes(action) === true)
        throw new S3Refusal(403, 'AccessDenied', `User is not authorized to perform: s3:${action}`);
    };
    const bucket = buckets.get(call.bucket);
    if (bucket === undefined) {
      if (call.method === 'PUT' && call.key === '' && [...call.query.keys()].length === 0) {
        requireAllowed('CreateBucket');
        makeBucket(call.bucket, call.headers['x-amz-bucket-object-lock-enabled'] === 'true');
        return { status: 200, headers: { location: `/${call.bucket}` } };
      }
      throw new S3Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist');
    }
    return call.key === ''
      ? answerBucket(bucket, full, payload, requireAllowed)
      : answerObject(bucket, full, payload, requireAllowed);
  }

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://s3');
    const [bucket = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
    const key = rest.join('/');
    const { method = 'GET' } = request;
    const call = { method, bucket, key, query: url.searchParams, headers: request.headers, nowMs: nowMs() };
    calls.push(`${method} ${key}${[...url.searchParams.keys()].map((name) => `?${name}`).join('')}`);
    if (interference?.(call, response) === true) {
      request.resume();
      return;
    }
    answer(request, call)
      .catch((error: unknown): S3Answer => {
        request.resume();
        const { status, code, message } =
          error instanceof S3Refusal ? error : new S3Refusal(500, 'InternalError', String(error));
        const body: S3Answer['body'] = xmlDocument([
          'Error',
          [
            ['Code', code],
            ['Message', message],
            ['Resource', url.pathname],
            ['RequestId', randomUUID()],
          ],
        ]).replace(' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', '');
        return { status, headers: { 'content-type': 'application/xml' }, ...(method === 'HEAD' ? {} : { body }) };
      })
      .then(({ status, headers = {}, body = '' }) => {
        const length = method === 'HEAD' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
        response.writeHead(status, { 'x-amz-request-id': randomUUID(), server: 'AmazonS3', ...length, ...headers });
        response.end(method === 'HEAD' ? undefined : body);
      })
      .catch(() => response.destroy());
  };
  if (given.tls === true) {
    if (authority === undefined) {
      const { certificatePem, issue } = createTestAuthority('Test S3 authority');
      authority = {
        certificatePem,
        certificate: issue({ commonName: 's3', dnsName: 'localhost', use: 'serverAuth' }),
      };
    }
  }
  const server =
    given.tls === true && authority !== undefined
      ? createTlsServer(authority.certificate, handle)
      : createServer(handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(given.port ?? 0, '127.0.0.1', () => resolve());
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: given.tls === true ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    certificatePem: given.tls === true ? authority?.certificatePem : undefined,
    calls,
    bucket(name) {
      const found = buckets.get(name);
      if (found === undefined) throw new TypeError(`No bucket "${name}"`);
      return found;
    },
    interfere(by) {
      interference = by;
    },
    advance(milliseconds) {
      passedMs += milliseconds;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
