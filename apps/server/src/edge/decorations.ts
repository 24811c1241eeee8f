import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Presented } from '@sallyport/platform/http';
import type { Secret } from '@sallyport/platform/secret';
import type { ProvenStreams } from './proven-streams.ts';
import { describeClient } from './request-client.ts';
import type { Way } from './side.ts';

/** What handlers find on a request, and may say by its reply: that of the listener it came in by, and of who lets in there. */
export function decorate(
  app: FastifyInstance,
  {
    wayOf,
    presentedOf,
    proven,
  }: {
    readonly wayOf: (request: FastifyRequest) => Way;
    readonly presentedOf: (request: FastifyRequest) => Presented;
    readonly proven: Pick<ProvenStreams, 'prove'>;
  },
): void {
  app.decorateRequest('principal', {
    getter(this: FastifyRequest) {
      return wayOf(this).side.admission.principalOf(this);
    },
  });
  app.decorateRequest('reach', {
    getter(this: FastifyRequest) {
      return wayOf(this).side.admission.reachOf(this, undefined);
    },
  });
  app.decorateRequest('reachOf', function reachOf(this: FastifyRequest, action: string) {
    return wayOf(this).side.admission.reachOf(this, action);
  });
  app.decorateRequest('client', {
    getter(this: FastifyRequest) {
      const { doorway, side } = wayOf(this);
      return describeClient(this, {
        isOperator: side.isOperator,
        secure: doorway.isSecure,
        publicOrigin: side.publicOrigin(),
      });
    },
  });
  app.decorateRequest('presented', {
    getter(this: FastifyRequest) {
      return presentedOf(this);
    },
  });
  app.decorateRequest('requireFreshProof', function requireFreshProof(this: FastifyRequest) {
    return wayOf(this).side.admission.requireFreshProof(this);
  });
  app.decorateRequest('leftRecord', function leftRecord(this: FastifyRequest) {
    wayOf(this).side.admission.leftRecords.leftRecord(this);
  });
  app.decorateRequest('signInAttempt', function signInAttempt(this: FastifyRequest) {
    return wayOf(this).doorway.attemptCookie.read(this.headers.cookie);
  });
  app.decorateReply('keepSignInAttempt', function keepSignInAttempt(this: FastifyReply, sealed, maxAgeSeconds = 0) {
    const { attemptCookie } = wayOf(this.request).doorway;
    this.header('set-cookie', sealed === undefined ? attemptCookie.clear() : attemptCookie.set(sealed, maxAgeSeconds));
  });
  app.decorateReply('beginSession', function beginSession(this: FastifyReply, token: Secret) {
    // In place of one that was renewed on the way in.
    this.removeHeader('set-cookie');
    this.header('set-cookie', wayOf(this.request).doorway.cookie.set(token));
  });
  app.decorateReply('proveStreams', function proveStreams(this: FastifyReply, names: readonly string[]) {
    proven.prove(wayOf(this.request).side.admission.principalOf(this.request), names);
  });
  app.decorateReply('endSession', function endSession(this: FastifyReply) {
    this.header('set-cookie', wayOf(this.request).doorway.cookie.clear());
  });
}
