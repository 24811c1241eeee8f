import type { PackManifest } from './pack-manifest.ts';
import type { PackCatalogue } from './read-catalogue.ts';

/** To the thread: read this file; the keys are verifier keys as text. */
export type ReadingTask = {
  readonly path: string;
  readonly keys: readonly string[];
  /** SHA-256 the file must have, hex. */
  readonly sha256: string;
};

/** What is known once signature and hashes were checked. */
export type CheckedPack = { readonly manifest: PackManifest; readonly key: string };

/** From the thread, in this order; `refused` may come instead of any. */
export type ReadingMessage =
  | { readonly kind: 'checked'; readonly checked: CheckedPack }
  | { readonly kind: 'progress'; readonly done: number; readonly of: number }
  | { readonly kind: 'catalogue'; readonly catalogue: PackCatalogue }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly hint: string | undefined };
