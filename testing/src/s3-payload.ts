// The body of a request to S3: its stated hash, its checksums, and the chunks the SDK sends a stream in.
import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Refusal } from './s3-refusal.ts';

export type S3Payload = {
  readonly bytes: Buffer;
  /** Base64, as stated and compared; undefined when the request states none. */
  readonly sha256: string | undefined;
};

const mostBytes = 128 * 1024 * 1024;

/** Reads the whole body and refuses one that is not what its headers, or its trailer, say. */
export async function readS3Payload(request: IncomingMessage): Promise<S3Payload> {
  const parts: Buffer[] = [];
  let size = 0;
  const chunks: AsyncIterable<Buffer> = request;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > mostBytes) throw new S3Refusal(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum size');
    parts.push(chunk);
  }
  const body = Buffer.concat(parts);
  const stated = String(request.headers['x-amz-content-sha256']);
  const header = request.headers['x-amz-checksum-sha256'];
  if (stated.startsWith('STREAMING-')) {
    // Signed chunks need the running signature; the SDK sends a stream unsigned, over TLS, with a checksum behind it.
    if (stated !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')
      throw new S3Refusal(501, 'NotImplemented', `A payload sent as ${stated} is not implemented`);
    const { bytes, trailers } = decodeChunks(body);
    const length = Number(request.headers['x-amz-decoded-content-length']);
    if (length !== bytes.length)
      throw new S3Refusal(400, 'IncompleteBody', 'You did not provide the number of bytes specified');
    const name = String(request.headers['x-amz-trailer'] ?? '');
    const trailer = trailers.get(name);
    if (trailer === undefined) throw new S3Refusal(400, 'MalformedTrailerError', 'The request lacks its trailer');
    if (name !== 'x-amz-checksum-sha256')
      throw new S3Refusal(501, 'NotImplemented', `The checksum ${name} is not implemented`);
    return { bytes, sha256: requireChecksum(bytes, trailer) };
  }
  if (stated !== 'UNSIGNED-PAYLOAD' && stated !== hash('sha256', body, 'hex'))
    throw new S3Refusal(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  return { bytes: body, sha256: typeof header === 'string' ? requireChecksum(body, header) : undefined };
}

function requireChecksum(bytes: Buffer, stated: string): string {
  if (hash('sha256', bytes, 'base64') === stated) return stated;
  throw new S3Refusal(400, 'BadDigest', 'The SHA256 you specified did not match the calculated checksum.');
}

/** `aws-chunked`: `SIZE\r\n bytes \r\n … 0\r\n trailer: value\r\n \r\n`. */
function decodeChunks(body: Buffer): { bytes: Buffer; trailers: Map<string, string> } {
  const malformed = new S3Refusal(400, 'IncompleteBody', 'The request body is not well-formed aws-chunked');
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf('\r\n', at);
    if (end < 0) throw malformed;
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (!Number.isSafeInteger(size) || size < 0) throw malformed;
    at = end + 2;
    if (size === 0) break;
    if (at + size + 2 > body.length) throw malformed;
    parts.push(body.subarray(at, at + size));
    at += size + 2;
  }
  const trailers = new Map(
    body
      .toString('latin1', at)
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line): [string, string] => [
        line.slice(0, line.indexOf(':')).trim().toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
  );
  return { bytes: Buffer.concat(parts), trailers };
}
