export type VerifyAllRequest = {
  readonly log: number;
  readonly verifierKey: string;
  /** Entries below are published as hashes alone: it says so itself. */
  readonly minimumIndex: number;
};

export type VerifyAllMessage =
  | { readonly kind: 'progress'; readonly leaves: number; readonly treeSize: number }
  | {
      readonly kind: 'verified';
      readonly treeSize: number;
      readonly root: string;
      readonly entries: 'verified' | 'absent';
      readonly files: number;
      readonly elapsedMs: number;
    }
  | { readonly kind: 'refused'; readonly path: string; readonly offset: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly message: string };
