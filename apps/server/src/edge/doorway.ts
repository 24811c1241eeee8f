import type { IncomingMessage } from 'node:http';
import { createBrowserGuard } from './browser-guard.ts';
import { createAttemptCookie, createSessionCookie, type SessionCookie } from './session-cookie.ts';

/**
 * The listener a connection came in by. It alone decides which scheme and host names are ours there, and which cookie: a
 * name that leads to one listener is no name of another, and a cookie that plain HTTP may have set is none on TLS.
 */
export type Doorway = {
  readonly isSecure: boolean;
  readonly cookie: SessionCookie;
  readonly attemptCookie: ReturnType<typeof createAttemptCookie>;
  /** See `createBrowserGuard`. */
  guard(request: IncomingMessage, hasSession: boolean): void;
  /** From the next request on. */
  setHostNames(names: readonly string[]): void;
};

export function createDoorway(options: { readonly isSecure: boolean; readonly hostNames: readonly string[] }): Doorway {
  const { isSecure } = options;
  let guard = createBrowserGuard({ hostNames: options.hostNames, secure: isSecure });
  return {
    isSecure,
    cookie: createSessionCookie(isSecure),
    attemptCookie: createAttemptCookie(isSecure),
    guard: (request, hasSession) => guard(request, hasSession),
    setHostNames(names) {
      guard = createBrowserGuard({ hostNames: names, secure: isSecure });
    },
  };
}
