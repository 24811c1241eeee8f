import { CliError } from '../errors.ts';
import type { ApiClient, RequestSigner } from '../http-client.ts';
import type { CliNeeds } from '../needs.ts';
import { readDpopKey } from './dpop-key.ts';
import { createOAuthClient } from './oauth-client.ts';
import { readLogin, saveLogin, withLoginLock, type SavedLogin } from './saved-login.ts';
import { signIn } from './sign-in.ts';

const renewBeforeMs = 30_000;

export type TokenSourceNeeds = Pick<CliNeeds, 'configuration' | 'stderr' | 'wait' | 'signal'> & {
  readonly nowMs: () => number;
};

/**
 * Signs requests with what `login` saved: a fresh proof for each, the token renewed silently before it ends. Whatever needs a
 * proof of the person itself is asked for by another confirmation in the console.
 */
export function createTokenSource(
  needs: TokenSourceNeeds,
  /** Of the same server, unsigned. */
  client: Pick<ApiClient, 'form' | 'urlOf'>,
): RequestSigner & { renew(): Promise<SavedLogin> } {
  const { configuration, nowMs, signal } = needs;
  const file = configuration.loginFile;
  let nonce: string | undefined;

  const current = (): SavedLogin => {
    const login = readLogin(file);
    if (login !== undefined) return login;
    throw new CliError('access_denied', 'Cannot go on: you are signed out', { hint: 'sallyport login' });
  };
  const oauthOf = (login: SavedLogin) => createOAuthClient({ client, key: readDpopKey(login.key), nowMs, signal });

  /** Of two programs at once, the second takes what the first got. */
  const renew = (stale: SavedLogin): Promise<SavedLogin> =>
    withLoginLock(file, async () => {
      const login = current();
      if (login.accessToken !== stale.accessToken) return login;
      const answer = await oauthOf(login).token({ grant_type: 'refresh_token', refresh_token: login.refreshToken });
      if (answer.kind === 'refused')
        throw new CliError('access_denied', 'Cannot go on: your sign-in has ended', { hint: 'sallyport login' });
      const renewed = { ...login, ...answer.tokens };
      saveLogin(file, renewed);
      return renewed;
    });

  return {
    renew: () => renew(current()),

    async sign({ method, url }) {
      const saved = current();
      const login = saved.accessEndsAtMs - nowMs() < renewBeforeMs ? await renew(saved) : saved;
      const { accessToken } = login;
      const proof = readDpopKey(login.key).proof({ method, url, nonce, accessToken, nowMs: nowMs() });
      return { authorization: `DPoP ${accessToken}`, dpop: proof };
    },

    async again({ status, headers, body, attempt }) {
      const told = headers['dpop-nonce'];
      if (typeof told === 'string') nonce = told;
      if (attempt > 2) return false;
      if (status === 401 && headers['www-authenticate']?.includes('use_dpop_nonce') === true) return true;
      if (status === 401 && attempt === 1) {
        await renew(current());
        return true;
      }
      if (status !== 403 || !body.includes('"step_up_required"')) return false;
      needs.stderr.write('This needs a fresh proof of who you are.\n');
      const login = current();
      const oauth = oauthOf(login);
      const tokens = await signIn(oauth, login.scopes, needs);
      saveLogin(file, { ...login, ...tokens });
      await oauth.revoke(login.refreshToken);
      return true;
    },
  };
}
