import type { JsonObject } from '@sallyport/contracts';
import { textOf } from '@sallyport/contracts';
import { HASH_BYTES } from '@sallyport/merkle-log';
import type { FramePeer } from '@sallyport/platform/frames';
import type { HeldOutside } from './restored-event.ts';

/** The log that would go on, as it is found at a start. */
export type BegunLog = {
  readonly log: number;
  readonly origin: string;
  readonly verifierKey: string;
  readonly size: number;
  /** The newest one signed, if any. */
  readonly checkpoint: string | undefined;
};

/** What those outside say at a start. */
export type OutsideAnswer = {
  /** Checkpoints of this log that may prove it is not the newest of its history. */
  readonly outside?: readonly HeldOutside[];
  /** Too few answered: entries are taken, and nothing is signed until `sign`. */
  readonly hold?: boolean;
};

/** Hashes that prove how the tree of a log grew from one size to another (RFC 6962 section 2.1.2). */
export type ProveConsistency = (from: number, to: number) => Promise<readonly Uint8Array[]>;

/** Between sizes of a log, from a sealer that may only have begun. */
export async function proveConsistency(
  peer: Pick<FramePeer, 'call'>,
  range: { readonly log: number; readonly from: number; readonly to: number },
): Promise<readonly Uint8Array[]> {
  return hashesOf((await peer.call('consistency', { head: { ...range } })).payload);
}

function hashesOf(bytes: Uint8Array = new Uint8Array()): readonly Uint8Array[] {
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, at) =>
    bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}

/** The answer to `begin`. */
export function readBegun(head: JsonObject): BegunLog {
  const { checkpoint } = head;
  return {
    log: Number(head['log']),
    origin: textOf(head['origin']),
    verifierKey: textOf(head['verifier_key']),
    size: Number(head['size']),
    checkpoint: typeof checkpoint === 'string' ? checkpoint : undefined,
  };
}
