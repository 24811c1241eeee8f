import { createHash } from 'node:crypto';
import type { Author, PolicyText } from './policy-document.ts';
import { documentHash } from './policy-document.ts';

/**
 * Staged: checked, its tests hold, in force nowhere. Waiting: somebody asked for it, and somebody else must approve. Active: in force. Former: was in force.
 * Withdrawn: never came into force and never will.
 */
export type VersionState = (typeof versionStates)[number];

export const versionStates = ['staged', 'waiting', 'active', 'former', 'withdrawn'] as const;

export type VersionSummary = {
  readonly version: number;
  readonly state: VersionState;
  readonly madeMs: number;
  readonly madeBy: Author;
  readonly note: string;
  /** Of all documents. */
  readonly hash: string;
  /** Of the bundled policies it was tried with. */
  readonly bundledHash: string;
  /** The version whose documents it brings back. */
  readonly from?: number;
  /** Everybody who wrote what differs from what was in force when it was staged. */
  readonly authors: readonly Author[];
  readonly askedBy?: Author;
  readonly approvedBy?: Author;
  readonly activatedMs?: number;
  /** Names of its documents. */
  readonly documents: readonly { readonly id: string; readonly name: string; readonly hash: string }[];
};

export type PolicyVersion = VersionSummary & { readonly texts: readonly PolicyText[] };

/** A version, and how it stood sealed when it was read: what is written of it later is written on top of that alone. */
export type KeptVersion = PolicyVersion & { readonly head: string };

export function versionHash(texts: readonly PolicyText[]): string {
  const each = texts.map((one) => [one.id, documentHash(one)]).toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(each)).digest('hex');
}
