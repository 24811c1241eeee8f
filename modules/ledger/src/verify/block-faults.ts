import { blockPrefixBytes } from '../block.ts';
import type { BlockHeader } from '../block-header.ts';
import { faultRanks } from './log-fault.ts';
import type { LogFault, PlacedFault } from './log-fault.ts';

/** Where something begins in a file of a log. */
export type Place = { readonly path: string; readonly offset: number };

export function placed(entry: number, fault: LogFault): PlacedFault {
  return { entry, rank: faultRanks.block, fault };
}

export function prefixFault({ path, offset }: Place, length: number | undefined, left: number): LogFault {
  return {
    path,
    offset,
    length: Math.min(blockPrefixBytes, left),
    reason: length === undefined ? 'No block begins here' : 'The block is cut short',
    expected: length === undefined ? 'the lengths of a block' : `${length} bytes`,
    found: length === undefined ? 'none that can be' : `${left} bytes`,
  };
}

export function orderFault(place: Place, expected: number, found: number): LogFault {
  return {
    ...place,
    length: blockPrefixBytes,
    reason: 'The block does not follow the one before it',
    expected: `first entry ${expected}`,
    found: `first entry ${found}`,
  };
}

export function timeFault(place: Place, before: number, { receivedAtMs }: BlockHeader): LogFault {
  return {
    ...place,
    length: blockPrefixBytes,
    reason: 'The block is older than the one before it',
    expected: `received at ${new Date(before).toISOString()} or later`,
    found: `received at ${new Date(receivedAtMs).toISOString()}`,
  };
}

export function endFault(place: Place, expected: number, found: number): LogFault {
  return {
    ...place,
    length: 1,
    reason: 'Entries are missing before the next segment',
    expected: `entries up to ${expected}`,
    found: `entries up to ${found}`,
  };
}
