import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { listField, numberField, parseJson, textField } from '../json-reading.ts';
import type { DpopKey } from './dpop-key.ts';

const clientId = 'sallyport-cli';

export type TokensGiven = {
  readonly accessToken: string;
  readonly accessEndsAtMs: number;
  readonly refreshToken: string;
  readonly userName: string;
  readonly scopes: readonly string[];
};

export type OAuthAnswer =
  | { readonly kind: 'given'; readonly tokens: TokensGiven }
  | { readonly kind: 'refused'; readonly error: string; readonly said: string };

export type DeviceBegun = {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly page: string;
  readonly wholePage: string;
  readonly intervalSeconds: number;
  readonly endsAtMs: number;
};

/** The server's OAuth endpoints, asked with proofs of `key`. */
export type OAuthClient = {
  begin(scopes: readonly string[]): Promise<DeviceBegun>;
  token(form: Readonly<Record<string, string>>): Promise<OAuthAnswer>;
  revoke(token: string): Promise<void>;
};

export function createOAuthClient(needs: {
  readonly client: Pick<ApiClient, 'form' | 'urlOf'>;
  readonly key: DpopKey;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}): OAuthClient {
  const { client, key, nowMs, signal } = needs;
  let nonce: string | undefined;

  const post = async (path: string, form: Readonly<Record<string, string>>, isProved: boolean) => {
    const body = new URLSearchParams({ client_id: clientId, ...form }).toString();
    for (let attempt = 1; ; attempt += 1) {
      const proof = key.proof({ method: 'POST', url: client.urlOf(path), nonce, nowMs: nowMs() });
      const answer = await client.form({ path, body, headers: isProved ? { dpop: proof } : {}, signal });
      nonce = answer.nonce ?? nonce;
      if (attempt === 1 && textField(parseJson(answer.body), 'error') === 'use_dpop_nonce') continue;
      return answer;
    }
  };

  return {
    async begin(scopes) {
      const { status, body } = await post(
        '/oauth/device_authorization',
        { dpop_jkt: key.thumbprint, ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }) },
        false,
      );
      const answer = parseJson(body);
      const [deviceCode, userCode, page] = ['device_code', 'user_code', 'verification_uri'].map((name) =>
        textField(answer, name),
      );
      if (status !== 200 || deviceCode === undefined || userCode === undefined || page === undefined)
        throw new CliError('request_refused', `Cannot sign in: ${saidIn(body, status)}`, {
          hint: 'check that the address is that of a Sallyport server of this version',
        });
      return {
        deviceCode,
        userCode,
        page,
        wholePage: textField(answer, 'verification_uri_complete') ?? page,
        intervalSeconds: numberField(answer, 'interval') ?? 5,
        endsAtMs: nowMs() + (numberField(answer, 'expires_in') ?? 600) * 1000,
      };
    },

    async token(form) {
      const { status, body } = await post('/oauth/token', form, true);
      const answer = parseJson(body);
      const [accessToken, refreshToken] = ['access_token', 'refresh_token'].map((name) => textField(answer, name));
      if (status !== 200 || accessToken === undefined || refreshToken === undefined)
        return { kind: 'refused', error: textField(answer, 'error') ?? String(status), said: saidIn(body, status) };
      const tokens = {
        accessToken,
        refreshToken,
        accessEndsAtMs: nowMs() + (numberField(answer, 'expires_in') ?? 0) * 1000,
        userName: textField(answer, 'username') ?? '',
        scopes: (textField(answer, 'scope') ?? '').split(' ').filter((scope) => scope !== ''),
      };
      return { kind: 'given', tokens };
    },

    async revoke(token) {
      await post('/oauth/revoke', { token }, false);
    },
  };
}

function saidIn(body: string, status: number): string {
  const answer = parseJson(body);
  const said = textField(answer, 'error_description') ?? textField(answer, 'detail') ?? `the server answered ${status}`;
  return listField(answer, 'errors').length === 0 ? said : `${said} (${status})`;
}
