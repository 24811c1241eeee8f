import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { ServerMetadata } from 'openid-client';
import { ProviderError } from '../errors.ts';
import { unreachable, type AskProvider } from '../outgoing/ask-provider.ts';
import { createKeySet, type KeySet } from '../outgoing/key-set.ts';
import { parseProviderUrl } from '../outgoing/provider-address.ts';
import type { ProviderSettings } from '../provider.ts';

/** What a provider says of itself (OpenID Connect Discovery 1.0), checked, with its keys. */
export type Discovered = {
  readonly metadata: ServerMetadata;
  /** The only hosts that will be asked anything for this provider. */
  readonly hosts: ReadonlySet<string>;
  readonly keys: KeySet;
};

const askMs = 8000;
const askedEndpoints = ['token_endpoint', 'jwks_uri', 'userinfo_endpoint'] as const;
const maxDocumentBytes = 128 * 1024;

/** Throws `provider_unreachable`, `provider_answer_refused`. */
export async function discover(
  needs: { readonly ask: AskProvider; readonly clock: Clock; readonly deadline: (ms: number) => AbortSignal },
  settings: Pick<ProviderSettings, 'issuer' | 'allowsPrivateAddresses' | 'authorityPem'>,
): Promise<Discovered> {
  const { issuer, allowsPrivateAddresses, authorityPem } = settings;
  const rules = { allowsPrivateAddresses, authorityPem };
  const home = parseProviderUrl(issuer, 'issuer', rules);
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = await askJson(needs, { ...rules, hosts: new Set([home.host]) }, url);
  if (document['issuer'] !== issuer)
    throw refused('it says its issuer is another than the one in the settings: they must be equal to the last slash');
  const hosts = new Set([home.host]);
  for (const name of [...askedEndpoints, 'authorization_endpoint'] as const) {
    const value = document[name];
    if (value === undefined && name === 'userinfo_endpoint') continue;
    if (typeof value !== 'string') throw refused(`it names no ${name}`);
    const endpoint = addressIn(value, name, rules);
    if (name !== 'authorization_endpoint') hosts.add(endpoint.host);
  }
  if (Array.isArray(document['response_types_supported']) && !document['response_types_supported'].includes('code'))
    throw refused('it does not know the authorization code flow');
  // Who supports PKCE need not say so; whoever says which methods must know ours.
  const methods = document['code_challenge_methods_supported'];
  if (Array.isArray(methods) && !methods.includes('S256')) throw refused('it does not know PKCE with S256');
  const jwksUri = textOf(document['jwks_uri']);
  const keys = createKeySet({
    clock: needs.clock,
    fetchKeys: async () => (await askDocument(needs, { ...rules, hosts }, jwksUri)).body,
  });
  return { metadata: { ...document, issuer }, hosts, keys };
}

async function askJson(
  needs: Parameters<typeof discover>[0],
  provider: Parameters<AskProvider>[0],
  url: string,
): Promise<JsonObject> {
  const { body } = await askDocument(needs, provider, url);
  if (body.length > maxDocumentBytes) throw refused(`it has more than ${maxDocumentBytes} bytes`);
  let document: unknown;
  try {
    document = parseJson(body.toString('utf8'));
  } catch {
    document = undefined;
  }
  if (!isJsonObject(document)) throw refused('it is no JSON object');
  return document;
}

export async function askDocument(
  { ask, deadline }: { readonly ask: AskProvider; readonly deadline: (ms: number) => AbortSignal },
  provider: Parameters<AskProvider>[0],
  url: string,
): Promise<{ readonly body: Buffer }> {
  const headers = { accept: 'application/json' };
  const reply = await ask(provider, { method: 'GET', url, headers, signal: deadline(askMs) });
  if (reply.status !== 200) throw unreachable(`${new URL(url).pathname} is answered with status ${reply.status}`);
  return reply;
}

function addressIn(text: string, name: string, rules: Parameters<typeof parseProviderUrl>[2]): URL {
  try {
    return parseProviderUrl(text, name, rules);
  } catch (error) {
    throw refused(`its ${name} is not acceptable`, error);
  }
}

function refused(why: string, cause?: unknown): ProviderError {
  return new ProviderError('provider_answer_refused', `Cannot use what the provider says of itself: ${why}`, { cause });
}
