/** A place where files of a log are not what the log committed to. */
export type LogFault = {
  /** Relative to the log's directory. */
  readonly path: string;
  readonly offset: number;
  /** How many bytes from there one hash covers: 1 where the very byte is known. */
  readonly length: number;
  readonly reason: string;
  readonly expected: string;
  readonly found: string;
};

/** A fault with its place in the order of all: by the first entry it is about, then by kind of file. */
export type PlacedFault = { readonly entry: number; readonly rank: number; readonly fault: LogFault };

/** In this order faults about one entry are told: what it was made from first. */
export const faultRanks = { checkpoint: 0, block: 1, bundle: 2, tile: 3, upperTile: 4 } as const;

/** The same whichever worker finds what first. */
export function compareFaults(left: PlacedFault, right: PlacedFault): number {
  return (
    left.entry - right.entry ||
    left.rank - right.rank ||
    left.fault.offset - right.fault.offset ||
    (left.fault.path < right.fault.path ? -1 : 1)
  );
}

/** The first byte at which two texts of bytes differ, counted from `offset`. */
export function byteFault(
  about: { readonly path: string; readonly offset: number; readonly reason: string },
  expected: Uint8Array,
  found: Uint8Array,
): LogFault {
  const at = expected.findIndex((byte, place) => byte !== found[place]);
  const place = at === -1 ? Math.min(expected.length, found.length) : at;
  return {
    path: about.path,
    offset: about.offset + place,
    length: 1,
    reason: about.reason,
    expected: byteText(expected[place]),
    found: byteText(found[place]),
  };
}

export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function byteText(byte: number | undefined): string {
  return byte === undefined ? 'nothing' : byte.toString(16).padStart(2, '0');
}
