import type { Author } from '@sallyport/policy-library';
import type { OwnText } from '../decisions/own-policy.ts';
import type { Opening } from './openings.ts';
import type { ReplayedOwn, ReplaySummary } from './replay-own.ts';

/** A document as it is being written; in force nowhere. */
export type OwnDocument = OwnText & {
  /** One more with every change. */
  readonly revision: number;
  readonly changedMs: number;
  readonly changedBy: Author;
  /** Everybody who changed it since it was last as it is in force. */
  readonly writers: readonly Author[];
  readonly hash: string;
};

/**
 * Staged: checked, its tests hold, in force nowhere. Waiting: somebody asked for it, and somebody else must approve. Active: in force. Former: was in
 * force. Withdrawn: never came into force and never will.
 */
export type OwnVersionState = 'staged' | 'waiting' | 'active' | 'former' | 'withdrawn';

export type OwnVersionSummary = {
  readonly version: number;
  readonly state: OwnVersionState;
  readonly madeMs: number;
  readonly madeBy: Author;
  readonly note: string;
  /** Of all that is in it; what somebody agrees to. */
  readonly digest: string;
  /** The version whose documents it brings back. */
  readonly from?: number;
  /** Everybody who wrote what differs from what was in force when it was staged. */
  readonly authors: readonly Author[];
  readonly askedBy?: Author;
  readonly approvedBy?: Author;
  readonly activatedMs?: number;
  readonly documents: readonly { readonly id: string; readonly name: string; readonly hash: string }[];
  /** What may be let through that was not, on top of the version it was replayed against. */
  readonly openings: readonly Pick<Opening, 'id' | 'kind'>[];
  /** That it was tried on recorded calls, and what came of it. */
  readonly replay?: ReplaySummary;
};

export type OwnVersion = OwnVersionSummary & {
  readonly texts: readonly OwnText[];
  readonly replayed?: ReplayedOwn;
};
