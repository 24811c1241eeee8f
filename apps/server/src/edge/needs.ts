import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type {
  Client,
  Presented,
  Principal,
  ProblemTable,
  Reach,
  ResourceName,
  RoutePlugin,
} from '@sallyport/platform/http';
import type { Log } from '@sallyport/platform/log';
import type { Secret } from '@sallyport/platform/secret';
import type { EdgeLimits } from './limits.ts';

/** What the edge decided about one request, or about `count` alike within a second. */
export type Decision = {
  readonly outcome: 'allowed' | 'denied';
  /** The error code of a denial; `allowed` otherwise. */
  readonly code: string;
  readonly method: string;
  /** The pattern of the route, never the address with its parameters; empty when no route was reached. */
  readonly route: string;
  /** What the route asks for; undefined when none was reached. */
  readonly scope?: string;
  /** Of a denial by policy: what the policies say, which they were, and of which version. */
  readonly why?: JsonObject;
  /** What was asked of the policies and what they answered: enough to ask it again. Undefined where they were not asked. */
  readonly asked?: JsonObject;
  /** Of what was refused: the correlation ids that those who asked were told, the first few of them. */
  readonly requestIds?: readonly string[];
  /** Undefined before authentication. */
  readonly principal?: Principal;
  /** Network address of the client; `local` on the operator's socket, `various` when there were too many to tell apart. */
  readonly address: string;
  /** Of a session: the browser's name as it gives it; untrusted. */
  readonly agent?: string;
  /** What was asked or told stands in the ledger by itself. */
  readonly leftRecord?: true;
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
};

/** Key and certificate for TLS 1.3, in PEM. */
export type EdgeTls = { readonly key: string; readonly cert: string };

export type Refused = { readonly refused: string };

/** Who is behind a request: whoever holds the key or the session it carries, or always the operator on this machine. */
export type Caller =
  | {
      readonly kind: 'network';
      authenticate(token: string, presented: Presented): Promise<Principal | Refused>;
      /** `renewed` is the token to be used from now on. */
      authenticateSession(
        token: string,
        use: {
          /** No person makes this request with their own hands: it keeps no session awake. */
          readonly background: boolean;
          /** A proof by the session's key is asked for next. */
          readonly mayBeStale: boolean;
        },
      ): Promise<
        | {
            readonly principal: Principal;
            readonly renewed?: Secret;
            /** Of a session bound to a browser's key: what goes on for longer needs a proof by that key. */
            readonly goodForMs?: number;
          }
        | Refused
      >;
      /**
       * Whether `proof` is a signature over this request, with a body of that digest (SHA-256 in base64url), by the key that the
       * session is bound to; else what is to be signed.
       */
      proveKey(
        principal: Principal,
        request: {
          readonly client: Client;
          readonly method: string;
          /** With its query, as it was sent. */
          readonly path: string;
          readonly proof: string | undefined;
        },
      ): Promise<
        { readonly isProved: true; readonly digest?: string } | { readonly isProved: false; readonly challenge: string }
      >;
      /** Who somebody let in earlier is now; counts as no use of the key or session. */
      recheck(principal: Principal): Promise<Principal | Refused>;
    }
  | { readonly kind: 'operator'; readonly principal: Principal };

/** What a decision may depend on besides who asks for what. */
export type DecisionContext = {
  readonly channel: 'network' | 'socket';
  /** How long ago a person proved who they are; only where that counts. */
  readonly proofAgeSeconds?: number;
  /** The address the request came from; of an operator this machine's own. */
  readonly address?: string;
};

/** What a decision is about, when not about the server as a whole. */
export type DecisionResource =
  | (ResourceName & { readonly site: string })
  | { readonly kind: 'site'; readonly id: string };

export type EdgeNeeds = {
  readonly caller: Extract<Caller, { readonly kind: 'network' }>;
  /** May they? A throw is a no. `reason` is for people. `needsProof`: a fresh proof of who they are may make it a yes. */
  readonly decide: (
    principal: Principal,
    action: string,
    context: DecisionContext,
    resource?: DecisionResource,
  ) => Promise<{
    readonly allowed: boolean;
    readonly reason: string;
    readonly needsProof?: boolean;
    /** Ids of the policies that decided, and the version they are of: for the record. */
    readonly policies?: readonly string[];
    readonly version?: string;
    /** The question with its facts, for the record. */
    readonly asked?: JsonObject;
  }>;
  /** How far somebody's right goes. Without it all rights are rights to everything. */
  readonly reach?: (principal: Principal, action: string, context: DecisionContext) => Reach;
  /** Somebody with what they may do everywhere, and at their sites, at this moment: what handlers look at. */
  readonly heldAt?: (principal: Principal, context: DecisionContext) => Principal;
  /** Of cameras and devices, for routes with a `resource`. */
  readonly resources?: {
    /** Where it stands now; undefined when there is none of this name. */
    find(name: ResourceName): { readonly site: string } | undefined;
    /** What its module throws when there is none: so whoever has no right to one learns nothing from the answer. */
    absent(name: ResourceName): Error;
  };
  /** Resolves when the decision is durable. Denials of an authenticated caller wait for it. */
  readonly recordDecision: (decision: Decision) => Promise<void>;
  /** Answers a request as its caller's: what is recorded meanwhile may carry more of them. */
  readonly around?: (principal: Principal, run: () => void) => void;
  readonly routes: readonly RoutePlugin[];
  /** Of every module whose errors may reach a client. Codes must be unique over all of them. */
  readonly problems: readonly ProblemTable[];
  /** Host names clients may use, besides `localhost` and loopback addresses. Without port. */
  readonly hostNames: readonly string[];
  readonly version: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Runs `task` every `intervalMs` until the returned function is called. */
  readonly every: (intervalMs: number, task: () => void) => () => void;
  /** Unpredictable bytes, for correlation ids. */
  readonly random: (length: number) => Uint8Array;
  /** Without it the edge listens on loopback addresses and sockets only. */
  readonly tls?: EdgeTls;
  readonly limits?: Partial<EdgeLimits>;
  /** Takes a connection that this process made itself, to see what its listener refuses: that is not recorded. */
  readonly ownHandshakes?: {
    take(socket: { readonly remoteAddress?: string | undefined; readonly remotePort?: number | undefined }): boolean;
  };
  /** Where links for other people lead, e.g. `https://console.example.org:8443`; else where the request itself was sent. */
  readonly publicOrigin?: () => string | undefined;
};

/** What lets in those of one side: the network's, or the operator's. */
export type SideNeeds = Omit<EdgeNeeds, 'caller' | 'publicOrigin'> & {
  readonly caller: Caller;
  readonly publicOrigin?: (() => string | undefined) | undefined;
};
