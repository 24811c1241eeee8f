import { wordsOf } from '../upstream.ts';
import { bearerChallenge, type BearerChallenge } from './challenge.ts';
import type { Credential } from './credential.ts';
import { createGuardedAsk, type GuardedAsk, type Reach } from './guarded-ask.ts';
import { shownAddress, type SignInEvent, type SignInEvents } from './sign-in-events.ts';
import { countsOf, timesAskedFor, type SignInStore, type Wanted } from './sign-in-store.ts';
import { refreshTokens, TokenRefusal } from './token-endpoint.ts';

/** Before it is over, so that it is not over on its way. */
const earlyMs = 30_000;
/** After a server that gives out tokens could not be asked. */
const pauseMs = 10_000;

/**
 * The sign-in of a person to one remote server, as it is kept on this machine. Tokens are asked for anew where they end; nobody is ever
 * asked to sign in from here, for nobody may be there: what a person has to do is said.
 */
export function createSignedIn({
  server,
  name,
  store,
  events,
  tell,
  nowMs,
  ask = (from) => createGuardedAsk({ from }),
}: {
  readonly server: URL;
  readonly name: string;
  readonly store: SignInStore;
  readonly events: SignInEvents;
  /** Puts on record what happened; false where that cannot be and it may go on all the same. Rejects where it may not. */
  readonly tell: (events: readonly SignInEvent[]) => Promise<boolean>;
  readonly nowMs: () => number;
  readonly ask?: (from: Reach) => GuardedAsk;
}): Credential {
  /** One question for many requests that need the answer. */
  let asking: { readonly used: string; readonly fresh: Promise<string | undefined> } | undefined;
  let paused: { readonly untilMs: number; readonly error: Error } | undefined;

  function refreshed(used: string): Promise<string | undefined> {
    if (asking?.used === used) return asking.fresh;
    if (paused !== undefined && nowMs() < paused.untilMs) return Promise.reject(paused.error);
    const fresh = refresh(used)
      .catch((error: unknown) => {
        const refused = error instanceof Error ? error : new Error(String(error));
        paused = { untilMs: nowMs() + pauseMs, error: refused };
        throw refused;
      })
      .finally(() => {
        asking = undefined;
      });
    asking = { used, fresh };
    return fresh;
  }

  /** The token to go on with; undefined where the sign-in is over. Another gateway may have been first. */
  function refresh(used: string): Promise<string | undefined> {
    return store.change(server, async (now, lock) => {
      const signedIn = now?.signedIn;
      const tokens = signedIn?.tokens;
      if (signedIn === undefined || tokens === undefined) return { keep: true, value: undefined };
      if (tokens.access !== used) return { keep: true, value: tokens.access };
      if (tokens.refresh === undefined) return { keep: true, value: undefined };
      const { issuer, tokenEndpoint, client, from, resource } = signedIn;
      const endpoint = { issuer, url: new URL(tokenEndpoint), client, ask: ask(from) };
      try {
        const fresh = await refreshTokens(endpoint, { refresh: tokens.refresh, resource, nowMs: nowMs() });
        return {
          signIn: { ...now, server: server.href, signedIn: { ...signedIn, tokens: fresh } },
          value: fresh.access,
        };
      } catch (error) {
        // Who was taken for dead may have been refused because another renewed meanwhile.
        if (!(error instanceof TokenRefusal) || !lock.isOurs()) throw error;
        events.keep({
          change: 'refresh_failed',
          atMs: nowMs(),
          name,
          server: shownAddress(server),
          issuer,
          scopes: signedIn.scopes,
          reason: error.error,
        });
        // Who does not know the client any more is to be told of a new one.
        const { tokens: _over, ...rest } = signedIn;
        const left = error.error === 'invalid_client' ? {} : { signedIn: rest };
        return { signIn: { server: server.href, name, ...left }, value: undefined };
      }
    });
  }

  /** What it wants is kept for whoever signs in; true where that was asked for before, and does not help. */
  async function note({ error, scopes = [], metadata }: BearerChallenge): Promise<boolean> {
    const isOpen = error === 'insufficient_scope';
    return store.change(server, async (now) => {
      const before = now?.wanted;
      // That a token is over says nothing of what it was good for.
      const isKept = !isOpen && (error === 'invalid_token' || scopes.length === 0);
      const wanted: Wanted = {
        scopes: isKept ? (before?.scopes ?? []) : scopes,
        atMs: isKept ? (before?.atMs ?? nowMs()) : nowMs(),
        isOpen: isKept ? before?.isOpen === true : isOpen,
        counts: countsOf(before, { scopes: isOpen ? scopes : [], signedIn: now?.signedIn }),
        ...(metadata === undefined ? {} : { metadata }),
      };
      return { signIn: { ...now, server: server.href, name, wanted }, value: timesAskedFor(wanted) >= maxAskedFor };
    });
  }

  return {
    async bearer() {
      const tokens = store.find(server)?.signedIn?.tokens;
      // Nothing is used whose sign-in nobody was told of: read first, for what is kept afterwards may be told of later.
      await events.drain(tell);
      if (tokens === undefined) return undefined;
      const { access, expiresAtMs, refresh: again } = tokens;
      if (expiresAtMs === undefined || nowMs() < expiresAtMs - earlyMs || again === undefined) return access;
      let fresh: string | undefined;
      try {
        fresh = await refreshed(access);
      } catch (error) {
        if (nowMs() < expiresAtMs) return access;
        throw error;
      }
      // It may be of another sign-in.
      await events.drain(tell);
      return fresh;
    },

    async refused({ status, challenge: header, used }) {
      const challenge = bearerChallenge(header) ?? {};
      const command = signInCommand(server);
      if (status === 403) {
        if (challenge.error !== 'insufficient_scope') return { isAgain: false };
        const isVain = await note(challenge);
        return {
          isAgain: false,
          advice: isVain
            ? 'it was asked for exactly that before and is not content: another sign-in does not help'
            : `what it wants is asked for when a person runs, at a terminal: ${command}`,
        };
      }
      if (used !== undefined) {
        try {
          const fresh = await refreshed(used);
          if (fresh !== undefined && fresh !== used) return { isAgain: true };
        } catch (error) {
          return { isAgain: false, advice: `the sign-in cannot be renewed now: ${wordsOf(error)}` };
        }
      }
      await note(challenge);
      return {
        isAgain: false,
        advice: `${used === undefined && store.find(server)?.signedIn === undefined ? 'nobody is signed in to it here' : 'the sign-in is over'}; a person must run, at a terminal: ${command}`,
      };
    },
  };
}

/** Signing in again for the same scopes ends somewhere. */
export const maxAskedFor = 3;

/** To be pasted into a shell, whatever stands in the address. */
export function signInCommand(server: URL): string {
  return `sallyport-guard mcp sign-in '${server.href.replaceAll("'", '%27')}'`;
}
