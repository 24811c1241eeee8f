import { holdsAt } from '@sallyport/access-policy';
import type { Transaction } from '@sallyport/platform/database';
import type { Client, Presented } from '@sallyport/platform/http';
import type { ServiceAccount } from '../accounts/account.ts';
import { tokenEvent } from '../audit-record.ts';
import type { DeviceLogins } from '../logins/device-logins.ts';
import type { Login, LoginStore } from '../logins/login-store.ts';
import type { MachineAccessNeeds } from '../needs.ts';
import { bindingText, certificateThumbprint, confirmationOf, type Binding } from '../tokens/binding.ts';
import type { DpopNonces } from '../tokens/dpop-nonces.ts';
import type { DpopProofs } from '../tokens/dpop-proof.ts';
import type { StoredToken, TokenStore } from '../tokens/token-store.ts';
import type { Tokens } from '../tokens/tokens.ts';
import { ClientRefused, type AuthenticatedClient, type ClientAuthentication } from './client-authentication.ts';
import { required, scopesIn, type Form } from './form.ts';
import { OAuthError } from './oauth-error.ts';

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

export type OAuthRequest = {
  readonly form: Form;
  readonly authorization: string | undefined;
  readonly presented: Presented;
  readonly client: Client;
};

export type TokenAnswer = {
  readonly access_token: string;
  readonly token_type: 'Bearer' | 'DPoP';
  readonly expires_in: number;
  readonly scope: string;
  readonly refresh_token?: string;
  /** Whom a program acts for. */
  readonly username?: string;
};

/** What a token is, to whoever may know (RFC 7662 section 2.2). */
export type Introspection = {
  readonly active: boolean;
  readonly scope?: string;
  readonly client_id?: string;
  readonly username?: string;
  readonly sub?: string;
  readonly token_type?: 'Bearer' | 'DPoP';
  readonly exp?: number;
  readonly iat?: number;
  readonly cnf?: { readonly jkt: string } | { readonly 'x5t#S256': string };
};

/** The OAuth 2.1 endpoints, without their HTTP. All throw `OAuthError`. */
export type TokenService = {
  token(request: OAuthRequest): Promise<TokenAnswer>;
  beginDevice(request: OAuthRequest): ReturnType<DeviceLogins['begin']>;
  /** Own tokens, and with scope `users:read` everybody's; of others one learns not even that they exist. */
  introspect(request: OAuthRequest): Promise<Introspection>;
  /** Own tokens; of others nothing happens, and nothing is told (RFC 7009 section 2.2). */
  revoke(request: OAuthRequest): Promise<void>;
};

const mayAskOfAll = 'users:read';

export function createTokenService(
  needs: Pick<
    MachineAccessNeeds,
    'database' | 'outbox' | 'clock' | 'allowedTo' | 'answering' | 'person' | 'permissionsOf'
  > & {
    readonly loginStore: LoginStore;
    readonly tokenStore: TokenStore;
    readonly proofs: DpopProofs;
    readonly nonces: DpopNonces;
    readonly tokens: Tokens;
    readonly logins: DeviceLogins;
    readonly clients: ClientAuthentication;
  },
): TokenService {
  const { database, outbox, clock, tokenStore, loginStore, tokens, logins } = needs;

  const clientOf = ({ form, authorization, presented, client }: OAuthRequest): Promise<AuthenticatedClient> =>
    needs.clients.authenticate({
      form,
      authorization,
      presented,
      audiences: [client.origin, `${client.origin}/oauth/token`],
    });

  /** What the new token is bound to; called when the client has proved who it is, as a proof is used up with it. */
  const bindingOf = async ({ presented }: OAuthRequest): Promise<Binding | undefined> => {
    if (presented.proofs.length > 0) {
      const proof = await needs.proofs.check(presented);
      const spent = 'refused' in proof ? proof : proof.spend();
      if ('refused' in proof || 'refused' in spent) {
        const refused = 'refused' in proof ? proof.refused : 'refused' in spent ? spent.refused : '';
        if (refused === 'dpop_nonce')
          throw new OAuthError('use_dpop_nonce', 'The proof must hold the nonce of this reply');
        throw new OAuthError('invalid_dpop_proof', `Cannot accept the DPoP proof: ${refused}`, { reason: refused });
      }
      return { kind: 'dpop', thumbprint: proof.thumbprint };
    }
    const { certificate } = presented;
    return certificate === undefined
      ? undefined
      : { kind: 'certificate', thumbprint: certificateThumbprint(certificate) };
  };

  const boundOnly = (): OAuthError =>
    new OAuthError(
      'invalid_request',
      'Cannot give a token that anybody may use: must come with a DPoP proof or a client certificate',
      {
        reason: 'binding_missing',
      },
    );

  const issueTo = async (
    transaction: Transaction,
    about: { readonly login: Login; readonly scopes: readonly string[] | undefined; readonly request: OAuthRequest },
  ): Promise<TokenAnswer> => {
    const { login, scopes, request } = about;
    const { binding } = login;
    const access = await tokens.issueAccess(transaction, {
      loginId: login.id,
      binding,
      ...(scopes === undefined ? {} : { scopes }),
    });
    const refresh = await tokens.issueRefresh(transaction, {
      loginId: login.id,
      binding,
      expiresAtMs: login.expiresAtMs,
    });
    const asked = scopes ?? login.scopes;
    await outbox.record(
      transaction,
      tokenEvent({
        nowMs: clock.nowMs(),
        action: 'token.issue',
        actor: { kind: 'user', id: login.userId, name: login.userId },
        holder: { type: 'user', id: login.userId, name: login.userId },
        client: request.client,
        details: {
          login: login.id,
          token: access.id,
          client: login.clientId,
          scopes: asked === undefined ? null : [...asked],
          bound_to: bindingText(binding),
        },
      }),
    );
    return {
      access_token: access.text,
      token_type: binding.kind === 'dpop' ? 'DPoP' : 'Bearer',
      expires_in: access.expiresInSeconds,
      scope: (asked ?? []).join(' '),
      refresh_token: refresh,
    };
  };

  const clientCredentials = async (
    request: OAuthRequest,
    account: ServiceAccount,
    method: string,
  ): Promise<TokenAnswer> => {
    const asked = scopesIn(request.form);
    const beyond = asked?.find((scope) => !account.scopes.includes(scope));
    if (beyond !== undefined)
      throw new OAuthError('invalid_scope', `Cannot give scope "${beyond}": this account does not have it`);
    const ownerMay = await needs.allowedTo(account.ownerId);
    // Stopped with its owner as a rule; here too, should the two have happened at once.
    if (ownerMay === undefined || account.scopes.some((scope) => !holdsAt(ownerMay, scope, account.sites)))
      throw new ClientRefused('owner_unfit', account);
    const binding = await bindingOf(request);
    if (binding === undefined && account.boundOnly) throw boundOnly();
    const scopes = asked ?? account.scopes;
    const answer = await database.transaction().execute(async (transaction): Promise<TokenAnswer> => {
      const access = await tokens.issueAccess(transaction, {
        accountId: account.id,
        scopes,
        ...(binding === undefined ? {} : { binding }),
      });
      await outbox.record(
        transaction,
        tokenEvent({
          nowMs: clock.nowMs(),
          action: 'token.issue',
          actor: { kind: 'service', id: account.id, name: account.name },
          holder: { type: 'service account', id: account.id, name: account.name },
          client: request.client,
          details: {
            token: access.id,
            method,
            scopes: [...scopes],
            bound_to: binding === undefined ? null : bindingText(binding),
          },
        }),
      );
      return {
        access_token: access.text,
        token_type: binding?.kind === 'dpop' ? 'DPoP' : 'Bearer',
        expires_in: access.expiresInSeconds,
        scope: scopes.join(' '),
      };
    });
    await outbox.flushed();
    return answer;
  };

  const byDevice = async (request: OAuthRequest): Promise<TokenAnswer> => {
    const deviceCode = required(request.form, 'device_code');
    const binding = await bindingOf(request);
    if (binding === undefined) throw boundOnly();
    const login = await logins.redeem({ deviceCode, binding, client: request.client });
    const answer = await database
      .transaction()
      .execute((transaction) => issueTo(transaction, { login, scopes: undefined, request }));
    await outbox.flushed();
    return withAllowed(answer, login);
  };

  /** A sign-in made for all that somebody may do says so by name: clients are told what they got (RFC 6749 section 3.3). */
  const withAllowed = async (answer: TokenAnswer, login: Login): Promise<TokenAnswer> => {
    const person = await needs.person(login.userId, login);
    if (person === undefined) return answer;
    const limitedTo = answer.scope === '' ? undefined : answer.scope.split(' ');
    const allowed = needs.permissionsOf({ ...person.principal, ...(limitedTo === undefined ? {} : { limitedTo }) });
    return { ...answer, scope: allowed.join(' '), username: person.principal.name };
  };

  const byRefresh = async (request: OAuthRequest): Promise<TokenAnswer> => {
    const text = required(request.form, 'refresh_token');
    const binding = await bindingOf(request);
    const token = await tokens.find(text);
    const bad = (reason: string): OAuthError =>
      new OAuthError(
        'invalid_grant',
        'Cannot use this refresh token: it is unknown, used, ended or bound to another key',
        { reason },
      );
    if (token === undefined || token.kind !== 'refresh' || token.loginId === undefined) throw bad('token_unknown');
    const holder = await tokens.holderOf(token);
    if ('refused' in holder || holder.kind !== 'person')
      throw bad('refused' in holder ? holder.refused : 'token_unknown');
    const { login } = holder;
    // Whoever has the text without the key must not be able to end the sign-in either.
    if (binding === undefined || bindingText(binding) !== bindingText(login.binding)) throw bad('binding_other');
    const scopes = scopesIn(request.form);
    if (scopes?.some((scope) => login.scopes?.includes(scope) === false) === true)
      throw new OAuthError('invalid_scope', 'Cannot give more than was agreed to');
    const answer = await database.transaction().execute(async (transaction) => {
      if (await tokenStore.useOnce(transaction, token.hash, clock.nowMs()))
        return issueTo(transaction, { login, scopes, request });
      await tokenStore.removeOfLogin(transaction, login.id);
      await loginStore.remove(transaction, login.id);
      await outbox.record(
        transaction,
        tokenEvent({
          nowMs: clock.nowMs(),
          action: 'token.reuse',
          actor: { kind: 'unknown', id: request.client.address, name: 'unauthenticated' },
          holder: { type: 'user', id: login.userId, name: holder.principal.name },
          client: request.client,
          refused: 'refresh_token_reused',
          details: { login: login.id },
        }),
      );
      return undefined;
    });
    await outbox.flushed();
    if (answer === undefined) throw bad('refresh_token_reused');
    return withAllowed(answer, login);
  };

  /** As policy has it, now and from where they ask: one that is for some sites alone, is forbidden it, or whose owner may not, does not learn of everybody. */
  const mayAskAboutAll = async (
    { id, name, scopes, sites, ownerId }: ServiceAccount,
    client: Client,
  ): Promise<boolean> => {
    const narrowed = { onBehalfOf: await needs.answering(ownerId), ...(sites === undefined ? {} : { sites }) };
    return needs.permissionsOf({ kind: 'service', id, name, scopes, ...narrowed }, client).includes(mayAskOfAll);
  };

  const isOwn = (client: AuthenticatedClient, token: StoredToken): boolean =>
    client.kind === 'service' ? token.accountId === client.account.id : token.loginId !== undefined;

  return {
    async token(request) {
      const grant = required(request.form, 'grant_type');
      if (grant !== 'client_credentials' && grant !== deviceGrant && grant !== 'refresh_token')
        throw new OAuthError(
          'unsupported_grant_type',
          'Cannot give a token for this: must be client_credentials, device_code or refresh_token',
        );
      const client = await clientOf(request);
      if ((client.kind === 'service') !== (grant === 'client_credentials'))
        throw new OAuthError('unauthorized_client', 'Cannot give this client a token in this way');
      if (client.kind === 'service') return clientCredentials(request, client.account, client.method);
      return grant === deviceGrant ? byDevice(request) : byRefresh(request);
    },

    async beginDevice(request) {
      const client = await clientOf(request);
      if (client.kind !== 'public')
        throw new OAuthError('unauthorized_client', 'Cannot let a service account in as a person');
      const named = request.form.get('dpop_jkt');
      if (named !== undefined && !/^[\w-]{43}$/.test(named))
        throw new OAuthError('invalid_request', 'Cannot read "dpop_jkt": must be the thumbprint of a key (RFC 7638)');
      const binding: Binding | undefined =
        named === undefined ? await bindingOf(request) : { kind: 'dpop', thumbprint: named };
      return logins.begin({ scopes: scopesIn(request.form), binding, client: request.client });
    },

    async introspect(request) {
      const client = await clientOf(request);
      if (client.kind === 'public') throw new ClientRefused('client_public', { id: client.id, name: client.id });
      const token = await tokens.find(required(request.form, 'token'));
      const nobody = { active: false } as const;
      if (token === undefined || token.usedAtMs !== undefined) return nobody;
      if (!isOwn(client, token) && !(await mayAskAboutAll(client.account, request.client))) return nobody;
      const holder = await tokens.holderOf(token);
      if ('refused' in holder) return nobody;
      const { principal } = holder;
      return {
        active: true,
        scope: principal.scopes.join(' '),
        client_id: holder.kind === 'service' ? holder.account.id : holder.login.clientId,
        username: principal.name,
        sub: `${principal.kind}/${principal.id}`,
        token_type: token.binding?.kind === 'dpop' ? 'DPoP' : 'Bearer',
        exp: Math.floor(token.expiresAtMs / 1000),
        iat: Math.floor(token.issuedAtMs / 1000),
        ...(token.binding === undefined ? {} : { cnf: confirmationOf(token.binding) }),
      };
    },

    async revoke(request) {
      const client = await clientOf(request);
      const token = await tokens.find(required(request.form, 'token'));
      if (token === undefined || !isOwn(client, token)) return;
      await database.transaction().execute(async (transaction) => {
        const login = token.loginId === undefined ? undefined : await loginStore.find(transaction, token.loginId);
        if (login === undefined) await tokenStore.remove(transaction, token.id);
        else {
          await tokenStore.removeOfLogin(transaction, login.id);
          await loginStore.remove(transaction, login.id);
        }
        const actor =
          client.kind === 'service'
            ? { kind: 'service', id: client.account.id, name: client.account.name }
            : { kind: 'user', id: login?.userId ?? '', name: login?.userId ?? '' };
        await outbox.record(
          transaction,
          tokenEvent({
            nowMs: clock.nowMs(),
            action: 'token.revoke',
            actor,
            holder: { type: client.kind === 'service' ? 'service account' : 'user', id: actor.id, name: actor.name },
            client: request.client,
            details: { token: token.id, login: login?.id ?? null },
          }),
        );
      });
      await outbox.flushed();
    },
  };
}
