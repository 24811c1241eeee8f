import type { Presented } from '@sallyport/platform/http';
import { endOf, type Credential, type ServiceAccount } from '../accounts/account.ts';
import type { AccountStore, StoredCredential } from '../accounts/account-store.ts';
import type { MachineAccessNeeds } from '../needs.ts';
import { hashOf, isSameHash } from '../random-text.ts';
import type { TokenStore } from '../tokens/token-store.ts';
import { assertionType, checkAssertion, issuerOf } from './client-assertion.ts';
import { credentialOfCertificate } from './client-certificate.ts';
import type { Form } from './form.ts';
import { OAuthError } from './oauth-error.ts';

/** The only client that has no secret: what it asks for, a person must confirm. */
export const publicClientId = 'sallyport-cli';

export type AuthenticatedClient =
  | {
      readonly kind: 'service';
      readonly account: ServiceAccount;
      readonly credential: Credential;
      readonly method: AuthenticationMethod;
    }
  | { readonly kind: 'public'; readonly id: string };

export type AuthenticationMethod =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'
  | 'tls_client_auth'
  | 'self_signed_tls_client_auth';

/** A refusal with the account it would have been, for the ledger; the caller is told one thing for all of them. */
export class ClientRefused extends OAuthError {
  readonly account: Pick<ServiceAccount, 'id' | 'name'>;

  constructor(reason: string, account: Pick<ServiceAccount, 'id' | 'name'>) {
    super('invalid_client', 'Cannot let this client in: it is unknown, or did not prove who it is', { reason });
    this.account = account;
  }
}

export type ClientAuthentication = {
  /**
   * RFC 6749 section 2.3, RFC 7523, RFC 8705: in exactly one way. Unknown clients, wrong secrets, suspended accounts look the
   * same from outside, and take the same work. Throws `OAuthError`.
   */
  authenticate(request: {
    readonly form: Form;
    readonly authorization: string | undefined;
    readonly presented: Presented;
    /** What an assertion may be made for. */
    readonly audiences: readonly string[];
  }): Promise<AuthenticatedClient>;
};

type Proof =
  | {
      readonly kind: 'secret';
      readonly id: string;
      readonly secret: string;
      readonly method: 'client_secret_basic' | 'client_secret_post';
    }
  | { readonly kind: 'assertion'; readonly id: string; readonly assertion: string }
  | { readonly kind: 'certificate'; readonly id: string; readonly certificate: Uint8Array }
  | { readonly kind: 'none'; readonly id: string };

export function createClientAuthentication(
  needs: Pick<MachineAccessNeeds, 'database' | 'clock' | 'random'> & {
    readonly accountStore: AccountStore;
    readonly tokenStore: TokenStore;
    readonly credentialUsed: (id: string) => void;
  },
): ClientAuthentication {
  const { database, clock, accountStore, tokenStore } = needs;
  /** Compared with when there is nothing to compare with. */
  const decoyHash = hashOf('client secret', Buffer.from(needs.random(32)).toString('hex'));

  const checkSecret = (credentials: readonly StoredCredential[], secret: string): Credential | undefined => {
    const hash = hashOf('client secret', secret);
    // As many comparisons for everybody as an account can have secrets.
    const secrets = credentials.filter(({ kind }) => kind === 'secret').slice(0, 2);
    const matches = [0, 1].map((at) => isSameHash(hash, secrets[at]?.hash ?? decoyHash));
    return secrets.find((_one, at) => matches[at] === true);
  };

  const checkJwt = async (
    credentials: readonly Credential[],
    about: { readonly id: string; readonly assertion: string; readonly audiences: readonly string[] },
  ): Promise<{ readonly credential: Credential } | { readonly refused: string }> => {
    const nowMs = clock.nowMs();
    const keys = credentials.filter((credential) => credential.kind === 'public-key');
    const { audiences, assertion, id } = about;
    const answer = await checkAssertion(assertion, { clientId: id, keys, audiences, nowMs });
    if ('refused' in answer) return answer;
    const isFirst = await database
      .transaction()
      .execute((transaction) =>
        tokenStore.useAssertion(transaction, hashOf('assertion', `${id}\0${answer.jti}`), answer.expiresAtMs, nowMs),
      );
    return isFirst ? { credential: answer.credential } : { refused: 'assertion_replayed' };
  };

  return {
    async authenticate({ form, authorization, presented, audiences }) {
      const proof = readProof(form, authorization, presented);
      if (proof.id === publicClientId) {
        if (proof.kind === 'none') return { kind: 'public', id: publicClientId };
        throw new ClientRefused('client_public', { id: proof.id, name: proof.id });
      }
      const account = await accountStore.find(database, proof.id);
      const nowMs = clock.nowMs();
      // Of an id that nobody has as well: a question less would tell who is known.
      const live = (await accountStore.credentials(database, proof.id)).filter(
        ({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs,
      );
      let credential: Credential | undefined;
      let refused = 'client_unproved';
      let method: AuthenticationMethod = 'private_key_jwt';
      switch (proof.kind) {
        case 'secret':
          credential = checkSecret(live, proof.secret);
          refused = 'secret_wrong';
          ({ method } = proof);
          break;
        case 'assertion': {
          const answer = await checkJwt(live, { ...proof, audiences });
          if ('refused' in answer) ({ refused } = answer);
          else ({ credential } = answer);
          break;
        }
        case 'certificate':
          credential = credentialOfCertificate(proof.certificate, live, nowMs);
          refused = 'certificate_other';
          method = credential?.kind === 'certificate' ? 'self_signed_tls_client_auth' : 'tls_client_auth';
          break;
        case 'none':
          break;
      }
      if (account === undefined)
        throw new ClientRefused('client_unknown', { id: proof.id.slice(0, 100), name: proof.id.slice(0, 100) });
      if (credential === undefined) throw new ClientRefused(refused, account);
      const end = endOf(account, nowMs);
      if (end !== undefined) throw new ClientRefused(end, account);
      needs.credentialUsed(credential.id);
      return { kind: 'service', account, credential, method };
    },
  };
}

/** Throws `OAuthError` `invalid_request` when there are two, as a second reader might take the other (RFC 6749 section 2.3). */
function readProof(form: Form, authorization: string | undefined, presented: Presented): Proof {
  const basic = readBasic(authorization);
  const secret = form.get('client_secret');
  const assertion = form.get('client_assertion');
  if ([basic, secret, assertion].filter((one) => one !== undefined).length > 1)
    throw new OAuthError('invalid_request', 'Cannot let a client in that proves who it is in two ways: must be one');
  const named = form.get('client_id');
  if (assertion !== undefined) {
    if (form.get('client_assertion_type') !== assertionType)
      throw new OAuthError('invalid_request', `Cannot read the assertion: its type must be ${assertionType}`);
    const id = issuerOf(assertion) ?? '';
    if (named !== undefined && named !== id)
      throw new ClientRefused('assertion_subject', { id: named.slice(0, 100), name: named.slice(0, 100) });
    return { kind: 'assertion', id, assertion };
  }
  if (basic !== undefined) {
    if (named !== undefined && named !== basic.id)
      throw new OAuthError(
        'invalid_request',
        'Cannot let a client in under two names: "client_id" must be that of the header',
      );
    return { kind: 'secret', ...basic, method: 'client_secret_basic' };
  }
  if (named === undefined)
    throw new OAuthError('invalid_client', 'Cannot tell which client this is: must say "client_id" and prove it');
  if (secret !== undefined) return { kind: 'secret', id: named, secret, method: 'client_secret_post' };
  if (presented.certificate !== undefined && named !== publicClientId)
    return { kind: 'certificate', id: named, certificate: presented.certificate };
  return { kind: 'none', id: named };
}

/** RFC 6749 section 2.3.1: both parts form-encoded. */
function readBasic(header: string | undefined): { readonly id: string; readonly secret: string } | undefined {
  if (header === undefined) return undefined;
  const encoded = /^Basic +([A-Za-z0-9+/]{1,2048}={0,2})$/i.exec(header)?.[1];
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  if (id === undefined || secret === undefined)
    throw new OAuthError(
      'invalid_client',
      'Cannot read the "Authorization" header: must be "Basic" with client id and secret',
    );
  try {
    return { id: decode(id), secret: decode(secret) };
  } catch {
    throw new OAuthError(
      'invalid_client',
      'Cannot read the "Authorization" header: id and secret must be form-encoded',
    );
  }
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
