import type { LookupFunction } from 'node:net';
import { guardedLookup as lookupGuardedBy } from '@sallyport/platform/guarded-address';
import { refuseHost } from './camera-address.ts';

/** As `dns.lookup`, for names whose addresses must pass too: what a name leads to may be another than yesterday. */
export function guardedLookup(options: { readonly allowLoopback: boolean }): LookupFunction {
  return lookupGuardedBy((address) => refuseHost(address, options));
}
