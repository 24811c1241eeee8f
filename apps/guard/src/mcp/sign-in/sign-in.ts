import { createHttpAsk } from '../http-ask.ts';
import { bodyOf } from '../json-rpc.ts';
import { newestHandshake } from '../handshake.ts';
import { authorizationRequest, callbackPath, codeIn, isAnswerTo } from './authorization-request.ts';
import { answerBox, answerFrom, listenAt } from './await-answer.ts';
import { bearerChallenge, maxScopes, type BearerChallenge } from './challenge.ts';
import { chooseClient, type GivenClient } from './choose-client.ts';
import { findAuthorizationServer, findResource, type AuthorizationServer } from './discover.ts';
import { createGuardedAsk, reachOf, type Reach } from './guarded-ask.ts';
import type { Person } from './person.ts';
import { shownAddress, type SignInEvents } from './sign-in-events.ts';
import { answered as answeredWish, timesAskedFor, type SignIn, type SignInStore } from './sign-in-store.ts';
import { maxAskedFor } from './signed-in.ts';
import { redeemCode } from './token-endpoint.ts';

export type SignInWish = {
  readonly server: URL;
  readonly name?: string;
  readonly client: GivenClient;
  /** One of several who give out tokens. */
  readonly issuer?: string;
  /** These, whatever the server asks for. */
  readonly scopes?: readonly string[];
  /** Port and path at 127.0.0.1, where a client was registered with them. */
  readonly redirect?: { readonly port: number; readonly path: string };
};

/**
 * Signs a person in to a remote MCP server (MCP 2025-11-25 and 2026-07-28, authorization), and keeps what it is given. Rejects with words
 * for the person. Nothing is sent to anybody whom the metadata do not name, and no code to anybody but who was asked for it.
 */
export async function signIn(
  { server, name, client: given, issuer: wish, scopes: wishedScopes, redirect: wished }: SignInWish,
  {
    store,
    events,
    person,
    nowMs,
    newText,
    signal,
  }: {
    readonly store: SignInStore;
    readonly events: SignInEvents;
    readonly person: Person;
    readonly nowMs: () => number;
    readonly newText: () => string;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly issuer: string; readonly scopes: readonly string[] }> {
  const before = store.find(server);
  const { challenge, from } = await challengeOf(server, before, signal);
  const ask = createGuardedAsk({ from, signal });
  const resource = await findResource({ server, challenge, ask, from });
  const issuer = issuerOf(resource.issuers, { wish, before: before?.signedIn?.issuer });
  const authorization = await findAuthorizationServer({ issuer, ask, from });
  const kept = before?.signedIn?.issuer === issuer ? before.signedIn : undefined;
  const scopes = scopesOf({
    wished: wishedScopes,
    asked: challenge?.scopes ?? resource.scopes ?? [],
    kept: kept?.scopes ?? [],
    wanted: before?.wanted?.scopes ?? [],
    authorization,
  });
  const added = scopes.filter((scope) => kept?.scopes.includes(scope) !== true);
  const isAgain =
    before?.wanted?.isOpen === true && before.wanted.scopes.every((scope) => kept?.scopes.includes(scope));
  if (isAgain && timesAskedFor(before.wanted) >= maxAskedFor)
    throw new Error(
      `"${server.host}" was given all it asks for ${maxAskedFor} times and is not content: to begin anew, sign out first`,
    );

  const answered = answerBox();
  const path = wished?.path ?? callbackPath(issuer);
  const callback = await listenAt({
    port: wished?.port ?? portOf(kept?.client.redirect),
    isFixed: wished !== undefined,
    path,
    take: (answer) => answered.take(answer),
  });
  try {
    const { redirect } = callback;
    const elsewhere = authorization.authorizationEndpoint.origin;
    const agreed = await person.agrees({
      server: server.href,
      resource: resource.resource,
      issuer,
      ...(elsewhere === new URL(issuer).origin ? {} : { elsewhere }),
      ...(before?.signedIn === undefined || kept !== undefined ? {} : { issuerBefore: before.signedIn.issuer }),
      scopes,
      added,
      redirect,
    });
    if (!agreed) throw new Error('nothing was done');
    const client = await chooseClient({
      server: authorization,
      given,
      kept: kept?.client,
      redirect,
      scopes,
      added,
      ask,
    });
    const request = authorizationRequest({
      server: authorization,
      clientId: client.id,
      redirect,
      resource: resource.resource,
      scopes,
      newText,
    });
    answered.expect((answer) => isAnswerTo(answer, request));
    person.goTo(request.url);
    const answer = await answerFrom({ answered, person, redirect, signal });
    const tokens = await redeemCode(
      { issuer, url: authorization.tokenEndpoint, client, ask },
      {
        code: codeIn(answer, authorization),
        verifier: request.verifier,
        redirect,
        resource: resource.resource,
        nowMs: nowMs(),
      },
    );
    const atMs = nowMs();
    const granted = tokens.scopes ?? scopes;
    await store.change(server, async (now) => {
      // On record before it can be used.
      events.keep({
        change: 'signed_in',
        atMs,
        ...(name === undefined ? {} : { name }),
        server: shownAddress(server),
        issuer,
        scopes: granted,
      });
      const { wanted } = now ?? {};
      const signedIn = {
        resource: resource.resource,
        issuer,
        tokenEndpoint: authorization.tokenEndpoint.href,
        ...(authorization.revocationEndpoint === undefined
          ? {}
          : { revocationEndpoint: authorization.revocationEndpoint.href }),
        from,
        client,
        // What was asked for: what was not given would be asked for without end otherwise.
        scopes,
        sinceMs: atMs,
        tokens,
      };
      return {
        signIn: {
          ...now,
          server: server.href,
          ...(name === undefined ? {} : { name }),
          ...(wanted === undefined ? {} : { wanted: answeredWish(wanted) }),
          signedIn,
        },
        value: undefined,
      };
    });
    return { issuer, scopes: granted };
  } finally {
    callback.close();
  }
}

/** What the server says to who brings nothing, and where it stands: by the address it answered from, not by its name. */
async function challengeOf(
  server: URL,
  before: SignIn | undefined,
  signal: AbortSignal,
): Promise<{ readonly challenge: BearerChallenge | undefined; readonly from: Reach }> {
  const ask = createHttpAsk(server);
  try {
    const answer = await ask.send({
      method: 'POST',
      headers: { accept: 'application/json, text/event-stream' },
      body: bodyOf({
        kind: 'request',
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: newestHandshake,
          capabilities: {},
          clientInfo: { name: 'Sallyport sign-in', version: '1' },
        },
      }),
      signal,
    });
    const from = reachOf(answer.socket.remoteAddress ?? '');
    answer.destroy();
    const asked = answer.statusCode === 401 ? bearerChallenge(answer.headers['www-authenticate']) : undefined;
    const noted = before?.wanted;
    if (asked !== undefined || noted === undefined) return { challenge: asked, from };
    // It lets a conversation begin and asks later: what it said then was kept.
    const { scopes, metadata } = noted;
    return {
      challenge: {
        ...(scopes.length === 0 ? {} : { scopes }),
        ...(metadata === undefined ? {} : { metadata }),
      },
      from,
    };
  } finally {
    ask.close();
  }
}

function issuerOf(
  issuers: readonly string[],
  { wish, before }: { readonly wish: string | undefined; readonly before: string | undefined },
): string {
  const chosen = issuers.find((issuer) => issuer === (wish ?? before)) ?? (wish === undefined ? issuers[0] : undefined);
  if (chosen !== undefined) return chosen;
  throw new Error(`--issuer "${wish ?? ''}" must be one of those it names: ${issuers.join(', ')}`);
}

/** What the challenge names, and what was given before; else what its metadata name; else nothing. */
function scopesOf({
  wished,
  asked,
  kept,
  wanted,
  authorization,
}: {
  readonly wished: readonly string[] | undefined;
  readonly asked: readonly string[];
  readonly kept: readonly string[];
  readonly wanted: readonly string[];
  readonly authorization: AuthorizationServer;
}): readonly string[] {
  if (wished !== undefined) return wished;
  const offline = authorization.scopes.includes('offline_access') ? ['offline_access'] : [];
  return [...new Set([...kept, ...asked, ...wanted, ...offline])].slice(0, maxScopes);
}

function portOf(redirect: string | undefined): number {
  return redirect === undefined ? 0 : Number(new URL(redirect).port);
}
