import type { VettedTool } from '@sallyport/information-flow';
import { keyOf, listLimits, offerKinds } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';

/** Nobody looked at it yet; its approved tools may be used; none of it may. */
export const serverStates = ['quarantined', 'approved', 'blocked'] as const;
export type ServerState = (typeof serverStates)[number];

/** What is pinned of a server: its tools, and what else of its words a model or a person reads. */
export const pinnedKinds = ['tool', ...offerKinds] as const;
export type PinnedKind = (typeof pinnedKinds)[number];
/** Those of which a server has lists beside that of its tools. */
export const listedKinds = ['prompt', 'resource', 'resource_template'] as const;
export type ListedKind = (typeof listedKinds)[number];

/** What makes a server this one: under the same name at another place it is another. */
export type ServerIdentity = {
  /** As the harness calls it. */
  readonly name: string;
  readonly transport: 'stdio' | 'http';
  /** Command line, or address. */
  readonly target: string;
};

/** The run in which something was seen first. */
export type Sighting = { readonly session: string; readonly agent: string; readonly owner: string };
export type Decided = { readonly by: string; readonly atMs: number; readonly reason: string };

export type ToolServer = ServerIdentity & {
  readonly id: string;
  /** Who owned the run that brought it. */
  readonly ownerId: string;
  readonly state: ServerState;
  /** Tools it gets later are let at once, unless something about them is odd. */
  readonly letsNew: boolean;
  /**
   * What of its offers waits for a decision as its tools do. A kind is missing where the server was met before that was so: what it offers
   * of that the first time it is told of goes on.
   */
  readonly pinsOffers: readonly ListedKind[];
  readonly protocol: string;
  /** What it says of itself: believed by nobody. */
  readonly says?: string;
  readonly firstSeen: Sighting;
  readonly decided?: Decided;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
};

/** A tool of another server, or of the same, that its name can be taken for. */
export type Likeness = { readonly server: string; readonly tool: string; readonly how: 'same' | 'looks_alike' };

/** A tool, or anything else that is pinned of its server. */
export type ServerTool = {
  readonly id: string;
  readonly serverId: string;
  readonly kind: PinnedKind;
  /** A resource's is its address. */
  readonly name: string;
  readonly isBlocked: boolean;
  /** Of the definition that was seen for the first time last. */
  readonly newestDigest: string;
  readonly likenesses: readonly Likeness[];
  /** What whoever approved it said of it. */
  readonly vetted: VettedTool;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
};

/** As `keyOf` of its definition. */
export function pinnedKey({ kind, name }: Pick<ServerTool, 'kind' | 'name'>): string {
  return kind === 'tool' ? keyOf({ name }) : keyOf({ kind, name });
}

/** `held`: nobody decided; `refused`: another definition was chosen over it. */
export const pinStates = ['held', 'approved', 'refused'] as const;
export type PinState = (typeof pinStates)[number];

/** One definition that a tool had, without its words. */
export type Pin = {
  readonly id: string;
  readonly serverId: string;
  readonly toolId: string;
  /** Of those of its tool, from 1 in the order in which they were met. */
  readonly number: number;
  readonly digest: string;
  readonly state: PinState;
  /** How many things about it somebody should look at. */
  readonly warnings: number;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
};
export type PinnedDefinition = Pin & {
  readonly definition: Definition;
  readonly firstSeen: Sighting;
  readonly decided?: Decided;
};

/** How a tool stands: what it says now was approved, is new, differs from what was approved, or it may not be used at all. */
export type ToolState = 'approved' | 'new' | 'changed' | 'blocked';

export function stateOfTool(
  tool: Pick<ServerTool, 'isBlocked' | 'newestDigest'>,
  pins: readonly Pick<Pin, 'digest' | 'state'>[],
): ToolState {
  if (tool.isBlocked) return 'blocked';
  const newest = pins.find(({ digest }) => digest === tool.newestDigest)?.state ?? 'held';
  const isApproved = pins.some(({ state }) => state === 'approved');
  if (newest === 'held') return isApproved ? 'changed' : 'new';
  return isApproved ? 'approved' : 'new';
}

export const toolServerLimits = {
  servers: 500,
  /** That nobody decided about, of one owner: who brings many stops nobody else from bringing one. */
  quarantinedPerOwner: 30,
  /** Of each kind in one list. */
  perServer: listLimits,
  /** Times as many are kept of a server: what was decided about holds while it is not listed. */
  listsKept: 2,
  /** What is pinned of all servers. */
  tools: 20_000,
  /** Of what one owner's runs told of first, what nobody decided about: see `quarantinedPerOwner`. */
  undecidedPerOwner: 2000,
  /** Definitions that one owner's runs bring: as many after a rest, and so many an hour. */
  newAtOnce: 3000,
  newAnHour: 1000,
  /** Definitions of one tool that are kept; the oldest that nobody approved goes first. */
  definitionsPerTool: 20,
  serversPerSession: 64,
  sessionsRemembered: 2000,
} as const;
