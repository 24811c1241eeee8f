import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import type { FastifyRequest, RequestPayload } from 'fastify';
import { EdgeError } from './errors.ts';
import { pipedInto } from './piped-body.ts';

/**
 * Whether a body is the one that was signed. Who asks before it is read has it read to its end against the digest: whoever
 * reads it, parser or handler, gets an error in place of the end and so acts on nothing else.
 */
export type BodyDigests = {
  /** What is to be read in place of `payload`. */
  watch(request: FastifyRequest, payload: RequestPayload): RequestPayload;
  /** SHA-256 of the whole body in base64url. Throws `key_proof_mismatch`, at once where the body is known. */
  require(request: FastifyRequest, digest: string): void;
};

const emptyDigest = createHash('sha256').digest('base64url');

export function createBodyDigests(): BodyDigests {
  const required = new WeakMap<FastifyRequest, string>();
  const known = new WeakMap<FastifyRequest, string>();

  const compare = (request: FastifyRequest): void => {
    const [wanted, found] = [required.get(request), known.get(request)];
    if (wanted === undefined || found === undefined || wanted === found) return;
    throw new EdgeError('key_proof_mismatch', 'Cannot do this: the body is not the one that the browser signed');
  };

  return {
    watch(request, payload) {
      if (!hasBody(request)) {
        known.set(request, emptyDigest);
        compare(request);
        return payload;
      }
      const hash = createHash('sha256');
      const watched = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          done(null, chunk);
        },
        flush(done) {
          known.set(request, hash.digest('base64url'));
          try {
            compare(request);
            done();
          } catch (error) {
            done(error instanceof Error ? error : new Error('Cannot compare digests', { cause: error }));
          }
        },
      });
      return pipedInto(payload, watched);
    },

    require(request, digest) {
      required.set(request, digest);
      compare(request);
    },
  };
}

/** What a handler may get to see: Fastify reads no body of a GET. */
function hasBody({ method, headers }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
