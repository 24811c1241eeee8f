import type * as AcmeClient from 'acme-client';
import type { Authorization, Client, Order } from 'acme-client';
import { messageOf } from '@sallyport/platform/errors';
import { CertificateError } from '../errors.ts';
import { parseServerName } from '../server-name.ts';
import { untilSettled } from './acme-polling.ts';
import {
  acmeError,
  openAcmeClient,
  parseDirectoryUrl,
  quoted,
  whileWanted,
  type AcmeNetwork,
  type OpenAcmeClient,
} from './acme-client-network.ts';

export type ChallengeKind = 'http-01' | 'tls-alpn-01';
export type OrderStep = 'account' | 'order' | 'challenge' | 'certificate';

/** Shows the ACME server, where it looks, that the name leads here. */
export type ChallengeResponder = {
  /** RFC 8555 section 8.3. */
  offerHttp(name: string, token: string, keyAuthorization: string): void;
  /** RFC 8737 section 3: shown to whoever asks for `acme-tls/1` by this name. */
  offerTls(name: string, certificate: { readonly key: string; readonly cert: string }): void;
};

export type AcmeOrderRequest = AcmeNetwork & {
  readonly directoryUrl: string;
  /** In PEM; the account is whoever holds it. */
  readonly accountKey: string;
  readonly email?: string | undefined;
  readonly names: readonly string[];
  readonly challenge: ChallengeKind;
  readonly externalAccount?: { readonly keyId: string; readonly hmacKey: string } | undefined;
  readonly responder: ChallengeResponder;
  readonly onStep: (step: OrderStep) => void;
};

/**
 * One order from account to certificate (RFC 8555 section 7.4), with a new key. What comes back is what the server gave:
 * check it before use. Somebody who calls has read and agreed to the terms. Throws `CertificateError` `acme_…`.
 */
export async function orderCertificate(request: AcmeOrderRequest): Promise<{ chain: string; key: string }> {
  const directoryUrl = parseDirectoryUrl(request.directoryUrl);
  const identifiers = request.names.map((name) => ({ type: 'dns', value: hostName(name) }));
  const { acme, explain } = await openAcmeClient(request);
  try {
    return await whileWanted(request.signal, order({ ...request, directoryUrl }, identifiers, acme));
  } catch (error) {
    throw acmeError(explain(error), directoryUrl, request.signal);
  }
}

async function order(
  request: AcmeOrderRequest,
  identifiers: { type: string; value: string }[],
  acme: OpenAcmeClient['acme'],
): Promise<{ chain: string; key: string }> {
  const { directoryUrl, signal, names, externalAccount } = request;
  // Whatever the client comes back from after the signal, it does nothing more.
  const onStep = (step: OrderStep): void => {
    signal.throwIfAborted();
    request.onStep(step);
  };
  const client = new acme.Client({
    directoryUrl,
    accountKey: request.accountKey,
    ...(externalAccount === undefined
      ? {}
      : { externalAccountBinding: { kid: externalAccount.keyId, hmacKey: externalAccount.hmacKey } }),
  });
  onStep('account');
  await client.createAccount({
    termsOfServiceAgreed: true,
    ...(request.email === undefined ? {} : { contact: [`mailto:${request.email}`] }),
  });
  onStep('order');
  const opened: Order = await client.createOrder({ identifiers });
  onStep('challenge');
  const authorizations = await client.getAuthorizations(opened);
  const place = ({ identifier }: Authorization): number => names.indexOf(identifier.value);
  // One after the other, as they were given: of two names that fail, the first is told about.
  for (const authorization of authorizations.toSorted((left, right) => place(left) - place(right)))
    if (authorization.status !== 'valid') await prove({ acme, client, opened }, authorization, request);
  onStep('certificate');
  const [key, csr] = await acme.crypto.createCsr(
    { altNames: [...names] },
    await acme.crypto.createPrivateEcdsaKey('P-256'),
  );
  await client.finalizeOrder(opened, csr);
  const settled = await untilSettled(() => client.getOrder(opened), signal);
  if (settled.status !== 'valid') throw new Error(reasonOf(settled));
  const chain: unknown = await client.getCertificate(settled);
  return { chain: String(chain), key: key.toString() };
}

async function prove(
  { acme, client, opened }: { readonly acme: typeof AcmeClient; readonly client: Client; readonly opened: Order },
  authorization: Authorization,
  { challenge: kind, responder, signal }: AcmeOrderRequest,
): Promise<void> {
  const name = authorization.identifier.value;
  const challenge = authorization.challenges.find(({ type }) => type === kind);
  if (challenge === undefined) {
    throw new CertificateError(
      'acme_challenge_unavailable',
      `Cannot prove "${quoted(name)}" by ${kind}: the ACME server offers ${quoted(authorization.challenges.map(({ type }) => type).join(', '))}`,
      { hint: 'choose the other way of proving it' },
    );
  }
  const keyAuthorization = await client.getChallengeKeyAuthorization(challenge);
  signal.throwIfAborted();
  if (kind === 'http-01') responder.offerHttp(name, challenge.token, keyAuthorization);
  else {
    const own = await acme.crypto.createPrivateEcdsaKey('P-256');
    const [key, cert] = await acme.crypto.createAlpnCertificate(authorization, keyAuthorization, own);
    signal.throwIfAborted();
    responder.offerTls(name, { key: key.toString(), cert: cert.toString() });
  }
  try {
    await client.completeChallenge(challenge);
    const only = { ...opened, authorizations: [authorization.url] };
    const settled = await untilSettled(async () => (await client.getAuthorizations(only))[0] ?? authorization, signal);
    if (settled.status !== 'valid') {
      throw new Error(reasonOf(settled.challenges.find(({ type }) => type === kind) ?? settled));
    }
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new CertificateError(
      'acme_challenge_refused',
      `The ACME server could not see that "${quoted(name)}" leads here: ${quoted(messageOf(cause))}`,
      {
        cause,
        hint:
          kind === 'http-01'
            ? 'the name must resolve to this machine, and port 80 there must lead to the challenge port'
            : 'the name must resolve to this machine, and port 443 there must lead to the HTTPS port',
      },
    );
  }
}

/** What the server says of what it did not find valid. */
function reasonOf(refused: { readonly status: string; readonly error?: object }): string {
  const { error } = refused;
  return error !== undefined && 'detail' in error && typeof error.detail === 'string' ? error.detail : refused.status;
}

function hostName(name: string): string {
  const { kind, value } = parseServerName(name);
  if (kind === 'dns' && value !== 'localhost') return value;
  throw new CertificateError(
    'acme_name_unsupported',
    `Cannot order a certificate for "${value}": must be a host name`,
    {
      hint: 'for addresses and localhost, use this server’s own authority',
    },
  );
}
