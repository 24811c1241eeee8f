// The camera's side of HTTP and RTSP authentication, for tests: written from RFC 7616 and sharing nothing with the client.
import { createHash, randomBytes } from 'node:crypto';

export type DigestGate = {
  /** Undefined when the request may pass; else the value of `WWW-Authenticate`. */
  challenge(request: {
    readonly method: string;
    readonly uri: string;
    readonly authorization: string | undefined;
  }): string | undefined;
};

export type DigestOptions = {
  /** `user:password` */
  readonly credentials: string;
  readonly algorithm?: 'MD5' | 'MD5-sess' | 'SHA-256' | 'SHA-256-sess' | 'SHA-512-256';
  /** As RFC 2069, without `qop`. */
  readonly isOld?: boolean;
  /** How often a nonce is taken before it counts as stale. */
  readonly nonceUses?: number;
};

export function createDigestGate(options: DigestOptions): DigestGate {
  const { credentials, algorithm = 'MD5', isOld = false, nonceUses = 1000 } = options;
  const [user = '', password = ''] = credentials.split(/:(.*)/s);
  const name = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' }[algorithm.replace('-sess', '')];
  const hash = (...parts: readonly string[]): string =>
    createHash(name ?? 'md5')
      .update(parts.join(':'))
      .digest('hex');
  /** How often each nonce was answered: the count must be the next one. */
  const nonces = new Map<string, number>();

  const ask = (more: string): string => {
    const nonce = randomBytes(12).toString('hex');
    nonces.set(nonce, 0);
    const qop = isOld ? '' : ', qop="auth,auth-int"';
    return `Digest realm="a \\"camera\\", here", nonce="${nonce}"${qop}, algorithm=${algorithm}, opaque="o"${more}`;
  };

  return {
    challenge({ method, uri, authorization }) {
      if (authorization === undefined || !authorization.startsWith('Digest ')) return ask('');
      const given = new Map(
        [...authorization.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)].map(([, key = '', quoted, plain]) => [
          key,
          quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '',
        ]),
      );
      const value = (key: string): string => given.get(key) ?? '';
      const used = nonces.get(value('nonce'));
      if (used === undefined || used >= nonceUses) return ask(', stale=true');
      const count = used + 1;
      nonces.set(value('nonce'), count);
      const plain = hash(user, 'a "camera", here', password);
      const secret = algorithm.endsWith('-sess') ? hash(plain, value('nonce'), value('cnonce')) : plain;
      const between = isOld ? [value('nonce')] : [value('nonce'), value('nc'), value('cnonce'), 'auth'];
      const isRight =
        value('response') === hash(secret, ...between, hash(method, uri)) &&
        value('uri') === uri &&
        value('username') === user &&
        value('realm') === 'a "camera", here' &&
        value('opaque') === 'o' &&
        value('algorithm') === algorithm &&
        (isOld || (value('nc') === count.toString(16).padStart(8, '0') && authorization.includes(', qop=auth,')));
      return isRight ? undefined : ask('');
    },
  };
}

/** The same for Basic. */
export function createBasicGate(credentials: string): DigestGate {
  const expected = `Basic ${Buffer.from(credentials).toString('base64')}`;
  return { challenge: ({ authorization }) => (authorization === expected ? undefined : 'Basic realm="camera"') };
}
