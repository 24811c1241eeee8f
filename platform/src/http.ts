import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
  FastifyRequest,
} from 'fastify';
import type { Secret } from './secret.ts';

// Merging with Fastify's declarations is only possible for interfaces.
/* oxlint-disable typescript/consistent-type-definitions */
declare module 'fastify' {
  interface FastifyContextConfig {
    /** The action the caller must be allowed. A route with neither `scope` nor `public` is denied to everybody. */
    scope?: string;
    /** Anybody may call, without saying who they are. */
    public?: true;
    /**
     * The camera or device that the request is about, by the parameter of the path with its id: it is decided for that one. A route with
     * neither this nor `narrowed` needs the right everywhere. Somebody with the right elsewhere alone is answered as if there were no such thing.
     */
    resource?: { readonly kind: ResourceName['kind']; readonly parameter: string };
    /**
     * The right at any site lets in, and the handler answers with what `reach` covers and nothing else. Streams end when the reach changes.
     */
    narrowed?: true;
    /**
     * A person must have proved who they are within the last minutes, else 403 `step_up_required`: the console asks for
     * the proof and sends the request again. Keys and the operator are not asked. When only some requests of a route need
     * it, the handler calls `requireFreshProof()` instead.
     */
    stepUp?: true;
    /** As the key part of `stepUp` alone: a session bound to a browser's key must sign this very request with it, else 403 `key_proof_required`. */
    keyProof?: true;
    /** Lets in a session whose token is past its time, to have it replaced: only together with `keyProof`. */
    staleSession?: true;
    /** Requests that no person makes with their own hands, such as a stream that reconnects: they keep no session awake. */
    background?: true;
    /** What one network address may ask of this route, besides the edge's own limits. For routes that anybody may call. */
    addressRate?: { readonly perSecond: number; readonly burst: number };
    /** Instead of the edge's default limit for request bodies. */
    bodyLimitBytes?: number;
    /**
     * A media type whose bodies may be as long as they like and take as long: the route reads them as they come, and bounds
     * what it holds. They end when whoever sends them would not be let in again.
     */
    endlessBody?: string;
    /**
     * A reply that is sent in pieces and over by itself, as a file is. Any other that goes on for longer than the caller's cookie is
     * good ends then, in a session bound to a browser's key, unless the key proves it (decision 0068).
     */
    endsByItself?: true;
    /** A GET route that becomes a WebSocket; its handler is never called. */
    socket?: SocketRoute;
    /** Requests of it may leave a durable record of their own, which the handler says with `leftRecord()`: the trail of requests gathers those. */
    leavesRecord?: true;
  }
  interface FastifyRequest {
    /** Who calls; set before any handler runs. A public route has no principal: reading it there throws. */
    principal: Principal;
    /** How far the right that the route asks for goes, for this caller. Throws on a public route. */
    reach: Reach;
    /** The same, for another action. */
    reachOf(action: string): Reach;
    /** Where the request came from, on public routes too. */
    client: Client;
    /** The request as it came, for whoever checks what a token is bound to; on public routes too. */
    presented: Presented;
    /** What this browser was given to bring back, when it went to a provider to sign in; unchecked. */
    signInAttempt(): string | undefined;
    /** As `stepUp` of the route, for what only the handler can see. Throws `step_up_required`. */
    requireFreshProof(): Promise<void>;
    /** A durable record holds what this request asked or told, by whom: on routes with `leavesRecord`. */
    leftRecord(): void;
  }
  interface FastifyReply {
    /** Gives the browser a session, in place of any it has. With `keepSignInAttempt` the only way to set a cookie. */
    beginSession(token: Secret): void;
    /** Gives the browser something to bring back within this time, in place of what it has; none takes it away. */
    keepSignInAttempt(sealed: string | undefined, maxAgeSeconds?: number): void;
    /** Lets streams and sockets of the caller's session go on, by the names their addresses have: on routes that ask for `keyProof` alone. */
    proveStreams(names: readonly string[]): void;
    /** Takes the browser's session away. */
    endSession(): void;
  }
}
/* oxlint-enable typescript/consistent-type-definitions */

/** Who calls, as the edge established it. */
export type Principal = {
  /**
   * A person with a session or a token of their own, an API key, a service account with a token, whoever owns the data
   * directory, a device that proved its key and is approved, or a run of an AI agent.
   */
  readonly kind: 'user' | 'key' | 'service' | 'operator' | 'device' | 'agent';
  readonly id: string;
  readonly name: string;
  /** Every action they are allowed, as it was when the request was let in. */
  readonly scopes: readonly string[];
  /** The only source this key may send events as; any when undefined. */
  readonly source?: string;
  /** Where this device stands. */
  readonly site?: string;
  /** Of a person, held everywhere. */
  readonly roles?: readonly string[];
  /** Of a person, each held at one site alone. */
  readonly siteRoles?: readonly SiteRole[];
  /** What they may do at those sites, as `scopes` says it for everywhere. */
  readonly siteScopes?: readonly { readonly site: string; readonly scopes: readonly string[] }[];
  /** Of a person, for now: a role for single actions, or at one site alone. One held whole and everywhere is among `roles`. */
  readonly grantedRoles?: readonly GrantedRole[];
  /** Of a key or service account: for what stands at these sites alone. None: for nothing. */
  readonly sites?: readonly string[];
  /** Of a key or service account: what it was made for, where `scopes` has less since it holds less everywhere. */
  readonly madeFor?: readonly string[];
  /** Of a key or service account: the person who answers for it, at their best. It may do nothing that they may not. */
  readonly onBehalfOf?: Principal;
  readonly sessionId?: string;
  /** Of what they hold for now beyond their own roles; `roles` has these roles too. Whatever they do carries the ids. */
  readonly grantIds?: readonly string[];
  /** Of the token that somebody came with in place of a session or key, which names it and is no secret. */
  readonly tokenId?: string;
  /** All that a person's token is for, whatever they may do otherwise: nothing else is allowed with it. */
  readonly limitedTo?: readonly string[];
  /** Thumbprint (RFC 7638) of the key of the browser that the session is bound to; undefined when it is bound to none. */
  readonly browserKey?: string;
  /** How they came in, as RFC 8176 calls `amr`: `password`, `totp`, `passkey`, `provider:<id>` … */
  readonly methods?: readonly string[];
  /** Id of the identity provider whose word the session rests on. */
  readonly provider?: string;
  /** When they last proved who they are, in full. */
  readonly authenticatedAtMs?: number;
  /** How sure we are: 1 password, 2 with a second factor, 3 with a passkey. */
  readonly assurance?: 1 | 2 | 3;
  /** Their second factor was a code by e-mail or SMS, which their roles allow: assurance 1. */
  readonly weakFactor?: true;
};

export type SiteRole = { readonly role: string; readonly site: string };

/** Part of a role: without `site` everywhere, without `actions` all that the role brings there. */
export type GrantedRole = { readonly role: string; readonly site?: string; readonly actions?: readonly string[] };

/** What a request is about. */
export type ResourceName = { readonly kind: 'camera' | 'device'; readonly id: string };

/** How far somebody's right goes. */
export type Reach = {
  /** To what stands at no site, and to every site but `except`. */
  readonly everywhere: boolean;
  /** Without `everywhere`: to these. */
  readonly sites: readonly string[];
  readonly except: readonly string[];
  /** It goes nowhere, whatever the resource. */
  readonly isNothing: boolean;
  /** `undefined` and the empty text: no site. */
  includes(site: string | undefined): boolean;
  /** For one camera or device, by more than its site where a policy speaks of more. */
  covers(resource: ResourceName & { readonly site?: string | undefined }): boolean;
};

/** The reach of whoever asks for everything, and of rights that know no sites. */
export const reachOfEverything: Reach = {
  everywhere: true,
  sites: [],
  except: [],
  isNothing: false,
  includes: () => true,
  covers: () => true,
};

/** The other end of a request. */
export type Client = {
  /** IPv4 address, IPv6 /64, or `local` for a Unix socket. */
  readonly address: string;
  /** On this machine: a loopback address or the Unix socket. */
  readonly isLocal: boolean;
  /** The browser's name as it gives it, at most 200 characters; untrusted. */
  readonly agent: string;
  /** As the browser sees us, e.g. `https://console.example.org`; the host is one of ours. */
  readonly origin: string;
  /** The host of `origin`, without port. */
  readonly hostName: string;
  /** Where a link for somebody else must lead: the address others reach us at when there is one, else `origin`. */
  readonly linkOrigin: string;
  /** Names with port (`gate.example:7443`; none where it is the scheme's own) that lead to us and to nobody else: what may be signed for us. */
  readonly reachedAs?: readonly string[];
  /** A browser shows its key, to have a session bound to it. As it came: nothing of it has been checked. */
  readonly keyProof?: string;
  /** They were told that they are signed in too often, and want the oldest session ended for the new one. */
  readonly endsOldest?: true;
};

/** A request as it came, for what a token may be bound to: a key that signs requests (RFC 9449), a certificate (RFC 8705). */
export type Presented = {
  /** How the token was sent: `Authorization: DPoP`, or any other way. */
  readonly scheme: 'bearer' | 'dpop';
  /** The whole address it came from, as the connection says; empty for a Unix socket. */
  readonly address: string;
  readonly method: string;
  /** As the client sees it, without query and fragment: what `htu` of a proof must say. */
  readonly url: string;
  /** Each `DPoP` header there was. */
  readonly proofs: readonly string[];
  /** DER of the certificate whose key the other end of this TLS connection holds. Nobody has checked who issued it. */
  readonly certificate?: Uint8Array;
  /** Says something in the reply, whatever it is going to be, such as `DPoP-Nonce`. */
  readonly tell: (header: string, value: string) => void;
};

/** Error code → HTTP status and title. Each module exports its own; codes are unique over all of them. */
export type ProblemTable = Readonly<Record<string, { status: number; title: string }>>;

/** A module's routes; the edge registers them. */
export type RoutePlugin = (app: FastifyInstance) => Promise<void>;

/** `app` with the types of its TypeBox schemas in the handlers. */
export function typedApp(
  app: FastifyInstance,
): FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
> {
  return app.withTypeProvider<TypeBoxTypeProvider>();
}

/** An open WebSocket (RFC 6455), as its route sees it. The edge counts, bounds and ends it. */
export type MessageSocket = {
  /** Does nothing once it is closed. */
  send(message: string | Uint8Array): void;
  /** Bytes that were sent and that the network has not taken yet: whoever goes on sending makes them more. */
  waitingBytes(): number;
  /** `code` from 4000 on is the application's (RFC 6455 section 7.4.2). */
  close(code: number, reason: string): void;
};

/** What a socket's route does with it. */
export type SocketListener = {
  text(message: string): void;
  /** The bytes are the listener's own. */
  bytes(message: Uint8Array): void;
  /** Once, whoever closed it; nothing comes after. */
  closed(): void;
};

/**
 * How a route takes a WebSocket. Whoever opens it was let in as for any request; a page of another origin is not. It is
 * closed within two seconds when they would not be let in again. What a listener throws closes it, with the message of a coded error.
 */
export type SocketRoute = {
  /** Larger ones close the socket. */
  readonly maxMessageBytes: number;
  /** What one socket may bring on average; twice that at once. Beyond it is closed. */
  readonly rate: { readonly messagesPerSecond: number; readonly bytesPerSecond: number };
  readonly open: (socket: MessageSocket, request: FastifyRequest) => SocketListener;
};
