// What a browser with a key of its own does: for the tests of this module and of whoever needs a bound session.
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

export type TestBrowser = {
  /** For `x-sallyport-key` on a sign-in. `changes` are what an attacker would try. */
  show(challenge: string, changes?: Changes): string;
  /** For `x-sallyport-proof` on a request. */
  signRequest(
    request: {
      readonly sessionId: string;
      readonly method: string;
      /** With its query. */
      readonly path: string;
      readonly challenge: string;
      /** As it is sent; none by default. */
      readonly body?: string | Uint8Array;
    },
    changes?: Changes,
  ): string;
};
type Changes = {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly signedBy?: KeyObject;
};

export function createTestBrowser(origin = 'http://localhost:8470'): TestBrowser {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  const statement = (
    header: Readonly<Record<string, unknown>>,
    payload: Readonly<Record<string, unknown>>,
    key: KeyObject,
  ): string => {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = `${encode(header)}.${encode(payload)}`;
    const signature = sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
    return `${body}.${signature.toString('base64url')}`;
  };
  const base = { typ: 'sallyport-key+jwt', alg: 'ES256' };
  return {
    show: (nonce, { header = {}, payload = {}, signedBy = privateKey } = {}) =>
      statement({ ...base, jwk: { kty, crv, x, y }, ...header }, { aud: origin, nonce, ...payload }, signedBy),
    signRequest: (
      { sessionId, method, path, challenge, body = '' },
      { header = {}, payload = {}, signedBy = privateKey } = {},
    ) => {
      const digest = createHash('sha256').update(body).digest('base64url');
      const said = { aud: origin, sid: sessionId, htm: method, htu: path, nonce: challenge, digest };
      return statement({ ...base, ...header }, { ...said, ...payload }, signedBy);
    },
  };
}
