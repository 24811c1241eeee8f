import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { refuseHost } from './camera-address.ts';

/** As `dns.lookup`, for names whose addresses must pass too: what a name leads to may be another than yesterday. */
export function guardedLookup(options: { readonly allowLoopback: boolean }): LookupFunction {
  return (host, lookupOptions, done) => {
    lookup(host, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error !== null) {
        done(error, '', 0);
        return;
      }
      try {
        for (const { address } of addresses) refuseHost(address, options);
      } catch (refusal) {
        done(refusal instanceof Error ? refusal : new Error('refused'), '', 0);
        return;
      }
      const [first] = addresses;
      if (lookupOptions.all === true) done(null, addresses);
      else done(null, first?.address ?? '', first?.family ?? 4);
    });
  };
}
