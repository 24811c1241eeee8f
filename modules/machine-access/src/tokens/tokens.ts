import type { Transaction } from '@sallyport/platform/database';
import type { Presented, Principal } from '@sallyport/platform/http';
import { endOf, type ServiceAccount } from '../accounts/account.ts';
import type { AccountStore } from '../accounts/account-store.ts';
import type { Login, LoginStore } from '../logins/login-store.ts';
import type { MachineAccessNeeds } from '../needs.ts';
import { hashOf, newId, newSecretText } from '../random-text.ts';
import { certificateThumbprint, type Binding } from './binding.ts';
import type { DpopNonces } from './dpop-nonces.ts';
import type { DpopProofs, ProofRefusal } from './dpop-proof.ts';
import type { StoredToken, TokenStore } from './token-store.ts';
import { accessPrefix, isTokenText, refreshPrefix } from './token-text.ts';

const accessLifetimeMs = 10 * 60_000;
const useResolutionMs = 60_000;

export type TokenRefusal = {
  readonly refused:
    | ProofRefusal['refused']
    | 'token_malformed'
    | 'token_unknown'
    | 'token_expired'
    | 'token_bound'
    | 'token_unbound'
    | 'certificate_missing'
    | 'certificate_other'
    | 'service_unknown'
    | 'service_suspended'
    | 'service_expired'
    | 'login_ended'
    | 'user_disabled';
};

/** For whom a token is, and what it is for. */
export type Holder =
  | { readonly kind: 'service'; readonly account: ServiceAccount; readonly principal: Principal }
  | { readonly kind: 'person'; readonly login: Login; readonly principal: Principal };

/**
 * Access tokens: 256 bits nobody can guess, stored as a hash, good for ten minutes and, when they are bound, only together with
 * a proof of the key or certificate. Nothing is remembered between requests, so what ends an account, a sign-in or a person,
 * and what takes a right from them, takes effect with the next request.
 */
export type Tokens = {
  authenticate(token: string, presented: Presented): Promise<Principal | TokenRefusal>;
  /** Who the token of this id stands for now. Counts as no use of it: for replies that go on for long. */
  recheck(id: string): Promise<Principal | TokenRefusal>;
  /** Of a good token of either kind, whoever shows it: who holds it. */
  holderOf(token: StoredToken): Promise<Holder | TokenRefusal>;
  find(text: string): Promise<StoredToken | undefined>;
  /** In the transaction that found them good. */
  issueAccess(
    transaction: Transaction,
    token: Omit<StoredToken, 'hash' | 'id' | 'kind' | 'issuedAtMs' | 'expiresAtMs'>,
  ): Promise<{ readonly text: string; readonly id: string; readonly expiresInSeconds: number }>;
  issueRefresh(
    transaction: Transaction,
    token: { readonly loginId: string; readonly binding: Binding; readonly expiresAtMs: number },
  ): Promise<string>;
  /** Stores when accounts, credentials and sign-ins were last used; to be called every minute or so, and at the end. */
  recordUse(): Promise<void>;
  /** A credential that let an account in. */
  credentialUsed(id: string): void;
};

export function createTokens(
  needs: Pick<MachineAccessNeeds, 'database' | 'clock' | 'random' | 'person' | 'answering' | 'permissionsOf'> & {
    readonly accountStore: AccountStore;
    readonly loginStore: LoginStore;
    readonly tokenStore: TokenStore;
    readonly proofs: DpopProofs;
    readonly nonces: DpopNonces;
  },
): Tokens {
  const { database, clock, random, accountStore, loginStore, tokenStore, proofs } = needs;
  const used = {
    machine_accounts: new Map<string, number>(),
    machine_credentials: new Map<string, number>(),
    machine_logins: new Map<string, number>(),
  };
  const remember = (table: keyof typeof used, id: string): void =>
    void used[table].set(id, Math.floor(clock.nowMs() / useResolutionMs) * useResolutionMs);

  const serviceOf = async (token: StoredToken, accountId: string): Promise<Holder | TokenRefusal> => {
    const account = await accountStore.find(database, accountId);
    if (account === undefined) return { refused: 'service_unknown' };
    const end = endOf(account, clock.nowMs());
    if (end !== undefined) return { refused: end };
    // Whatever was taken from the account since is gone from its tokens.
    const scopes = (token.scopes ?? account.scopes).filter((scope) => account.scopes.includes(scope));
    const { id, name, sites, ownerId } = account;
    const onBehalfOf = await needs.answering(ownerId);
    const narrowed = { onBehalfOf, ...(sites === undefined ? {} : { sites }) };
    return {
      kind: 'service',
      account,
      principal: { kind: 'service', id, name, scopes, tokenId: token.id, ...narrowed },
    };
  };

  const personOf = async (token: StoredToken, loginId: string): Promise<Holder | TokenRefusal> => {
    const login = await loginStore.find(database, loginId);
    if (login === undefined || login.expiresAtMs <= clock.nowMs()) return { refused: 'login_ended' };
    const person = await needs.person(login.userId, login);
    if (person === undefined) return { refused: 'user_disabled' };
    if (person.settledAtMs > login.createdAtMs) return { refused: 'login_ended' };
    const given = token.scopes ?? login.scopes;
    // Whoever may do less for now does no more through a program.
    const { limitedTo: own = given } = person.principal;
    const limitedTo = given?.filter((scope) => own?.includes(scope)) ?? own;
    const narrowed: Principal = {
      ...person.principal,
      tokenId: token.id,
      // Whatever key the program holds: this sign-in is of no use without it.
      browserKey: login.binding.thumbprint,
      ...(limitedTo === undefined ? {} : { limitedTo }),
    };
    return { kind: 'person', login, principal: { ...narrowed, scopes: needs.permissionsOf(narrowed) } };
  };

  const holderOf = async (token: StoredToken): Promise<Holder | TokenRefusal> => {
    if (token.expiresAtMs <= clock.nowMs()) return { refused: 'token_expired' };
    if (token.accountId !== undefined) return serviceOf(token, token.accountId);
    return token.loginId === undefined ? { refused: 'token_unknown' } : personOf(token, token.loginId);
  };

  /** A token that is bound is good with its proof alone, and no other way of showing it makes less of that. */
  const checkBinding = async (
    token: StoredToken,
    text: string,
    presented: Presented,
  ): Promise<{ readonly ok: true } | TokenRefusal> => {
    const { binding } = token;
    const certificate = presented.certificate === undefined ? undefined : certificateThumbprint(presented.certificate);
    if (binding?.kind !== 'dpop') {
      if (presented.scheme === 'dpop' || presented.proofs.length > 0) return { refused: 'token_unbound' };
      if (binding === undefined) return { ok: true };
      if (certificate === undefined) return { refused: 'certificate_missing' };
      return certificate === binding.thumbprint ? { ok: true } : { refused: 'certificate_other' };
    }
    if (presented.scheme !== 'dpop') return { refused: 'token_bound' };
    const proof = await proofs.check(presented, text);
    if ('refused' in proof) return proof;
    if (proof.thumbprint !== binding.thumbprint) return { refused: 'dpop_key' };
    return proof.spend();
  };

  return {
    holderOf,
    find: async (text) => (isTokenText(text) ? tokenStore.find(database, { hash: hashOf('token', text) }) : undefined),

    async authenticate(text, presented) {
      const refuse = (refused: TokenRefusal['refused']): TokenRefusal => {
        presented.tell('www-authenticate', challengeFor(refused));
        if (refused === 'dpop_nonce') presented.tell('dpop-nonce', needs.nonces.current());
        return { refused };
      };
      if (!isTokenText(text) || !text.startsWith(accessPrefix)) return refuse('token_malformed');
      const token = await tokenStore.find(database, { hash: hashOf('token', text) });
      if (token === undefined || token.kind !== 'access') return refuse('token_unknown');
      const holder = await holderOf(token);
      if ('refused' in holder) return refuse(holder.refused);
      const bound = await checkBinding(token, text, presented);
      if ('refused' in bound) return refuse(bound.refused);
      if (holder.kind === 'service') remember('machine_accounts', holder.account.id);
      else remember('machine_logins', holder.login.id);
      return holder.principal;
    },

    async recheck(id) {
      const token = await tokenStore.find(database, { id });
      if (token === undefined) return { refused: 'token_unknown' };
      const holder = await holderOf(token);
      return 'refused' in holder ? holder : holder.principal;
    },

    async issueAccess(transaction, token) {
      const nowMs = clock.nowMs();
      const text = newSecretText(accessPrefix, random);
      const id = newId(random);
      await tokenStore.removeExpired(transaction, nowMs);
      await tokenStore.insert(transaction, {
        ...token,
        hash: hashOf('token', text),
        id,
        kind: 'access',
        issuedAtMs: nowMs,
        expiresAtMs: nowMs + accessLifetimeMs,
      });
      return { text, id, expiresInSeconds: accessLifetimeMs / 1000 };
    },

    async issueRefresh(transaction, { loginId, binding, expiresAtMs }) {
      const text = newSecretText(refreshPrefix, random);
      await tokenStore.insert(transaction, {
        hash: hashOf('token', text),
        id: newId(random),
        kind: 'refresh',
        loginId,
        binding,
        issuedAtMs: clock.nowMs(),
        expiresAtMs,
      });
      return text;
    },

    credentialUsed: (id) => remember('machine_credentials', id),

    async recordUse() {
      const uses = Object.values(used).map((map) => [...map]);
      for (const map of Object.values(used)) map.clear();
      if (uses.every((list) => list.length === 0)) return;
      const [accounts = [], credentials = [], logins = []] = uses;
      await database.transaction().execute(async (transaction) => {
        for (const [id, atMs] of accounts) await accountStore.setLastUsed(transaction, 'machine_accounts', id, atMs);
        for (const [id, atMs] of credentials)
          await accountStore.setLastUsed(transaction, 'machine_credentials', id, atMs);
        for (const [id, atMs] of logins) await loginStore.setLastUsed(transaction, id, atMs);
      });
    },
  };
}

/** RFC 6750 section 3, RFC 9449 section 7.1. */
function challengeFor(refused: TokenRefusal['refused']): string {
  if (refused === 'dpop_nonce')
    return 'DPoP error="use_dpop_nonce", error_description="a nonce of this server is needed"';
  if (refused.startsWith('dpop_')) return 'DPoP error="invalid_dpop_proof"';
  return refused === 'token_bound' ? 'DPoP error="invalid_token"' : 'Bearer error="invalid_token"';
}
