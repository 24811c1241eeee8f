import type { PlacedFault } from './log-fault.ts';

/** Entries one tile job covers: one tile of level 1. */
export const jobEntries = 65_536;

/** What one worker does at a time. Plain values only: they cross threads. */
export type VerifyJob =
  | { readonly kind: 'tiles'; readonly directory: string; readonly treeSize: number; readonly chunk: number }
  | {
      readonly kind: 'blocks';
      readonly directory: string;
      readonly treeSize: number;
      readonly origin: string;
      /** The segment begins with this entry. */
      readonly segment: number;
      /** Where it must end; undefined for the last one. */
      readonly end: number | undefined;
      /** Data keys by id, both in hexadecimal: blocks under these are opened too. */
      readonly keys: Readonly<Record<string, string>>;
    };

/** Roots of the complete subtrees of a chunk in hexadecimal, from left to right. */
type ChunkHashes = readonly string[];

/** The hash in a tile of level 1 that is not that of the tile below it. */
export type UpperFault = { readonly stored: PlacedFault; readonly below: PlacedFault };

export type TilesResult = {
  readonly kind: 'tiles';
  readonly chunk: number;
  readonly tiles: number;
  readonly bundles: number;
  /** Tiles whose bundles are not there. */
  readonly missingBundles: number;
  /** The last tile without a bundle, or -1. */
  readonly lastMissing: number;
  /** From the entries where there are any, else from the tiles. */
  readonly byEntries: ChunkHashes;
  /** From the tiles alone; only where it is another. */
  readonly byTiles: ChunkHashes | undefined;
  /** Where both first disagree: which of the two is wrong, the root tells. */
  readonly disagreement: { readonly bundle: PlacedFault; readonly tile: PlacedFault } | undefined;
  readonly upperByEntries: UpperFault | undefined;
  readonly upperByTiles: UpperFault | undefined;
  /** What is missing or misshapen. */
  readonly faults: readonly PlacedFault[];
};

export type BlocksResult = {
  readonly kind: 'blocks';
  readonly segment: number;
  readonly blocks: number;
  /** Of these without their content: it was erased and then let go of. */
  readonly hollow: number;
  readonly opened: number;
  readonly end: number;
  readonly firstReceivedAtMs: number;
  readonly lastReceivedAtMs: number;
  /** Events the blocks hold that no checkpoint covers yet. */
  readonly unsigned: number;
  /** Bytes after the last block of the last segment: a write that was under way. */
  readonly unfinishedBytes: number;
  readonly faults: readonly PlacedFault[];
  /** Where a block's leaf first is not the published one, and whether it is the one the tile has. */
  readonly disagreement:
    | { readonly block: PlacedFault; readonly other: PlacedFault; readonly fitsTile: boolean }
    | undefined;
};

export type VerifyResult = TilesResult | BlocksResult;

/** Work done since the last time it was told. */
export type VerifyWork = { readonly entries: number; readonly bytes: number };
