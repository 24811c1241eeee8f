import type { Principal, ResourceName } from '@sallyport/platform/http';

/** 0 to 100. What is not fresh counts as not known. */
export type PrincipalRisk = { readonly value: number; readonly isFresh: boolean };

/** What a question is about. Without a site it needs a right that holds everywhere. */
export type AccessResource =
  | { readonly kind: 'server' }
  | { readonly kind: 'site'; readonly id: string }
  | (ResourceName & { readonly site?: string | undefined });

/** Of a camera or device, as far as it is known. */
export type ResourceFacts = {
  readonly kind?: string | undefined;
  readonly approved?: boolean | undefined;
  /** Since it was last heard of. */
  readonly quietSeconds?: number | undefined;
};

export type AccessRequest = {
  readonly principal: Principal;
  /** One of `allActions` or `kindActions`; any other is denied. */
  readonly action: string;
  /** This server as a whole, when undefined. */
  readonly resource?: AccessResource | undefined;
  /** How much a person or key is at risk; undefined where nobody can tell now. */
  readonly risk?: PrincipalRisk | undefined;
  /** Asked for only where a policy speaks of these facts. */
  readonly factsOf?: ((resource: ResourceName) => ResourceFacts | undefined) | undefined;
  readonly context: {
    /** How the request came: over the network, or through the operator's Unix socket. */
    readonly channel: 'network' | 'socket';
    /** Whole seconds since a person proved in full who they are; only for what needs a fresh proof. */
    readonly proofAgeSeconds?: number | undefined;
    /** Where the request came from: an address, or a network as `2001:db8::/64`. */
    readonly address?: string | undefined;
    /** In the organisation's time zone: hour 0 to 23, weekday 1 (Monday) to 7. Asked for only where a policy speaks of it. */
    readonly localTime?: (() => { readonly hour: number; readonly weekday: number } | undefined) | undefined;
  };
};

export type AccessDecision = {
  readonly allowed: boolean;
  /** For people: what the deciding policies say, or why none did. */
  readonly reason: string;
  /** Ids of the deciding policies. */
  readonly policies: readonly string[];
  /** Of a no: a policy failed, as where a fact is missing, so nobody could tell. */
  readonly isUnsure?: true;
  /** Of a no to a person: asked again with `proofAgeSeconds` of a fresh proof, it may be a yes. */
  readonly needsProof?: true;
};
