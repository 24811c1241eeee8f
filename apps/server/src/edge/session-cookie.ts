import type { Secret } from '@sallyport/platform/secret';

export type SessionCookie = {
  /** The token a request carries, or undefined when it carries none, something else, or two of them. */
  read(header: string | undefined): string | undefined;
  /** A `Set-Cookie` header that puts this token in place of any other. */
  set(token: Secret): string;
  clear(): string;
};

/**
 * What a browser brings back from a provider it went to for signing in: sealed by whoever made it. As the cookie of the session:
 * no script reads it, no other site sends it, since it is our own page that hands in what the provider answered.
 */
export function createAttemptCookie(secure: boolean): {
  read(header: string | undefined): string | undefined;
  set(sealed: string, maxAgeSeconds: number): string;
  clear(): string;
} {
  const name = secure ? '__Host-sallyport-attempt' : 'sallyport-attempt';
  const attributes = `Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  return {
    read: (header) => /^[\w-]{1,3500}$/.exec(singleValue(header, name) ?? '')?.[0],
    set: (sealed, maxAgeSeconds) => `${name}=${sealed}; Max-Age=${maxAgeSeconds}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}

/**
 * The cookie of a session (RFC 6265bis): no script reads it, no other site sends it. On TLS its name says to the
 * browser that no other host and no plain HTTP may have set it. It ends with the browser; the session may end before.
 */
export function createSessionCookie(secure: boolean): SessionCookie {
  const name = secure ? '__Host-sallyport' : 'sallyport';
  const attributes = `Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  return {
    read: (header) => /^[\w-]{43}$/.exec(singleValue(header, name) ?? '')?.[0],
    set: (token) => `${name}=${token.reveal()}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}

function singleValue(header = '', name: string): string | undefined {
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  // Of two, one may have been planted by another server on this host name.
  return values.length === 1 ? values[0] : undefined;
}
