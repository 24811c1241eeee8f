import { nodeHttp } from '@sallyport/platform/node-http';
import { Agent as HttpsAgent } from 'node:https';
import { addAbortSignal, Readable, Transform } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { guardedLookup, kindOfHost } from '@sallyport/platform/guarded-address';
import { ArchiveError } from '../errors.ts';
import type { Credentials, S3Settings } from '../settings.ts';

/** Lists of a thousand names stay far below; what reads objects counts for itself. */
const mostAnswerBytes = 4 * 1024 * 1024;
const connectTimeoutMs = 10_000;
const idleTimeoutMs = 60_000;

/**
 * A client of one bucket. Nothing an answer says is followed or kept without a bound: no redirects, no other address behind
 * the name, no endless answer. Without `credentials`: the machine's own, from where AWS tools look.
 */
export function createArchiveClient(settings: S3Settings, credentials: Credentials | undefined): S3Client {
  const isInClear = settings.endpoint?.startsWith('http:') === true;
  const lookup = guardedLookup((address) => {
    const kind = kindOfHost(address);
    if (kind === 'nowhere' || (isInClear && kind !== 'this-machine'))
      throw new ArchiveError('off_site_refused', 'The name of the archive leads where no archive is');
  });
  const common = { keepAlive: true, maxSockets: 4, lookup };
  const config: S3ClientConfig = {
    region: settings.region,
    forcePathStyle: settings.pathStyle,
    followRegionRedirects: false,
    // Each upload carries a SHA-256 of ours; what is read is compared with the one noted when it was stored.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 2,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    credentials: credentials ?? defaultProvider(),
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: idleTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: new nodeHttp.Agent(common),
      httpsAgent: new HttpsAgent({
        ...common,
        minVersion: 'TLSv1.2',
        ...(settings.authorityPem === undefined ? {} : { ca: settings.authorityPem }),
      }),
    },
  };
  const client = new S3Client(config);
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const { response } = result;
      if (!hasBody(response)) return result;
      const isContent = context['commandName'] === 'GetObjectCommand' && response.statusCode < 300;
      if (!isContent) response.body = bounded(response.body);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'sallyportBoundedAnswer' },
  );
  return client;
}

/** What a stream gives, or an error as soon as the signal says so. */
export function abortable(stream: Readable, signal: AbortSignal): Readable {
  return addAbortSignal(signal, stream);
}

function hasBody(response: unknown): response is { statusCode: number; body: Readable } {
  return (
    typeof response === 'object' &&
    response !== null &&
    'statusCode' in response &&
    typeof response.statusCode === 'number' &&
    'body' in response &&
    response.body instanceof Readable
  );
}

function bounded(source: Readable): Readable {
  let bytes = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= mostAnswerBytes) return done(null, chunk);
      source.destroy();
      done(new ArchiveError('off_site_unavailable', `The archive answers without end: over ${mostAnswerBytes} bytes`));
    },
  });
  source.once('error', (error) => counting.destroy(error));
  source.once('aborted', () =>
    counting.destroy(new ArchiveError('off_site_unavailable', 'The archive broke off its answer')),
  );
  return source.pipe(counting);
}
