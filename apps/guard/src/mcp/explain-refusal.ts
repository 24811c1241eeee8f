import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, parseJson, textsOf } from '@sallyport/contracts';
import { textOfAnswer, type HttpAsk } from './http-ask.ts';
import { bearerChallenge, type BearerChallenge } from './sign-in/challenge.ts';
import { signInCommand } from './sign-in/signed-in.ts';

const maxMetadataBytes = 64 * 1024;
const metadataMs = 5000;

/** Why a remote server answered as it did, and what whoever set up the gateway can do. Holds no credential, and nothing the body said. */
export async function explainRefusal({
  url,
  status,
  headers,
  ask,
  signal,
  advice,
}: {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly ask: HttpAsk;
  readonly signal: AbortSignal;
  /** What a person can do, where that is known. */
  readonly advice?: string;
}): Promise<string> {
  if (status >= 300 && status < 400)
    return `it answered ${status} and sends us to "${hostOf(headers.location, url)}"; the gateway follows nothing, for the credential would go along: name that address with --url if it is the right one`;
  if (status !== 401 && status !== 403) return `it answered ${status}`;
  const challenge = bearerChallenge(headers['www-authenticate']);
  const what = challenge?.error;
  const scope = challenge?.scopes?.join(' ').slice(0, 300);
  const asks = [
    status === 401 ? 'it wants a credential, or does not take ours (401)' : 'our credential may not do that (403)',
    ...(what === undefined ? [] : [`error "${what}"`]),
    ...(scope === undefined ? [] : [`scope "${scope}"`]),
  ].join(', ');
  if (advice !== undefined) return `${asks}; ${advice}`;
  const issuers = await issuersOf({ url, challenge, ask, signal });
  return `${asks}; ${issuers}; renew what --bearer-env or --bearer-file names, or leave that option out and run: ${signInCommand(url)}`;
}

/** Who gives out its tokens (RFC 9728), as it says itself: asked of the server alone, never of another it names. */
async function issuersOf({
  url,
  challenge,
  ask,
  signal,
}: {
  readonly url: URL;
  readonly challenge: BearerChallenge | undefined;
  readonly ask: HttpAsk;
  readonly signal: AbortSignal;
}): Promise<string> {
  const named = challenge?.metadata;
  const path = url.pathname === '/' ? '' : url.pathname;
  const fallback = `${url.origin}/.well-known/oauth-protected-resource${path}`;
  const where = new URL(named !== undefined && URL.canParse(named) ? named : fallback);
  if (where.origin !== url.origin) return `its metadata are at "${where.origin}", which is not asked`;
  try {
    const answer = await ask.send({
      method: 'GET',
      url: where,
      headers: { accept: 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(metadataMs)]),
    });
    const text = await textOfAnswer(answer, maxMetadataBytes);
    if (answer.statusCode !== 200)
      return `it does not say who gives out its tokens (${where.pathname} answered ${answer.statusCode ?? 0})`;
    const metadata = parseJson(text);
    const issuers = isJsonObject(metadata) ? textsOf(metadata['authorization_servers']) : [];
    const shown = issuers.filter((issuer) => URL.canParse(issuer)).map((issuer) => new URL(issuer).href);
    return shown.length === 0
      ? `it does not say who gives out its tokens (${where.pathname} names nobody)`
      : `its tokens are given out by ${shown.slice(0, 3).join(', ')}`;
  } catch {
    return `it does not say who gives out its tokens (${where.pathname} cannot be read)`;
  }
}

function hostOf(location: string | undefined, from: URL): string {
  return location !== undefined && URL.canParse(location, from.href) ? new URL(location, from.href).origin : 'nowhere';
}
