import type { FastifyRequest } from 'fastify';
import type { Principal } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import type { BodyDigests } from './body-digest.ts';
import { EdgeError } from './errors.ts';
import type { SideNeeds } from './needs.ts';

const proofHeader = 'x-sallyport-proof';
const maxProofLength = 4096;

/**
 * Whether the browser whose key a session is bound to makes this very request: it signs method, address with query and body over
 * a challenge of ours, once (decisions 0057, 0068). Whoever copied the session's cookie has no such key. Asks nothing of anybody
 * else. Throws `key_proof_required` with the challenge to be signed, `key_proof_mismatch` for another body, and never lets a
 * request in that could not be checked.
 */
export function createKeyProofs(
  needs: Pick<SideNeeds, 'caller' | 'log'> & { readonly digests: Pick<BodyDigests, 'require'> },
): (request: FastifyRequest, principal: Principal) => Promise<void> {
  const { caller, log, digests } = needs;
  /** A proof is good once, and a route may ask twice. */
  const proved = new WeakSet<FastifyRequest>();

  return async (request, principal) => {
    if (caller.kind === 'operator' || principal.browserKey === undefined || proved.has(request)) return;
    const { [proofHeader]: proof } = request.headers;
    let answer;
    try {
      answer = await caller.proveKey(principal, {
        client: request.client,
        method: request.method,
        path: request.raw.url ?? '/',
        proof: typeof proof === 'string' && proof.length <= maxProofLength ? proof : undefined,
      });
    } catch (error) {
      log.error('Cannot check a proof', { correlationId: request.id, ...errorFields(error) });
      throw new EdgeError('authentication_unavailable', 'Cannot check who calls now: try again', { cause: error });
    }
    if (!answer.isProved)
      throw new EdgeError('key_proof_required', 'Cannot do this yet: the browser must sign the request with its key', {
        details: { challenge: answer.challenge, session: principal.sessionId ?? '' },
        hint: `sign the challenge, then send the request again with the header "${proofHeader}"`,
      });
    // What is not said cannot be compared: it fits no body.
    digests.require(request, answer.digest ?? '');
    proved.add(request);
  };
}
