import { lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

/**
 * What a host is that somebody has us connect to. `nowhere`: link-local, where clouds keep credentials, their other addresses for
 * that, unspecified and multicast ones. `elsewhere` may still be a name that leads to one of the others: see `guardedLookup`.
 */
export type HostKind = 'this-machine' | 'nowhere' | 'elsewhere';

const thisMachine = blockList(['127.0.0.0/8'], ['::1/128']);
const nowhere = blockList(
  ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'],
  [
    '::/128',
    'fe80::/9',
    'ff00::/8',
    'fd00:ec2::/32',
    // What is wrapped in these ends as an IPv4 address of anybody's choice: Teredo, 6to4, NAT64 of one's own network, SIIT.
    '2001::/32',
    '2002::/16',
    '64:ff9b:1::/48',
    '::ffff:0:0:0/96',
  ],
);

const privateNetworks = blockList(
  ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', '192.0.0.0/24'],
  ['fc00::/7'],
);

/** An address of a network of one's own (RFC 1918, 6598, 4193). False for names: what they lead to is known when they are looked up. */
export function isPrivateAddress(host: string): boolean {
  const address = host.replaceAll(/^\[|\]$/g, '').replace(/%.*$/, '');
  const version = isIP(address);
  return version !== 0 && privateNetworks.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** Of a name or an address as it stands in a URL, with or without brackets. */
export function kindOfHost(host: string): HostKind {
  const name = host.replaceAll(/^\[|\]$/g, '').toLowerCase();
  const bare = name.replace(/\.$/, '').replace(/%.*$/, '');
  const version = isIP(bare);
  if (version === 0) {
    if (/(^|\.)localhost$/.test(bare)) return 'this-machine';
    return bare === 'metadata' || bare === 'metadata.google.internal' ? 'nowhere' : 'elsewhere';
  }
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (thisMachine.check(bare, family)) return 'this-machine';
  return nowhere.check(bare, family) ? 'nowhere' : 'elsewhere';
}

/** As `dns.lookup`, for names of which each address must pass too, since today's may be another than yesterday's: `refuse` throws. */
export function guardedLookup(refuse: (address: string) => void): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '', 0);
      try {
        for (const { address } of addresses) refuse(address);
      } catch (refusal) {
        return done(refusal instanceof Error ? refusal : new Error('refused', { cause: refusal }), '', 0);
      }
      const [first] = addresses;
      if (options.all === true) return done(null, addresses);
      return done(null, first?.address ?? '', first?.family ?? 4);
    });
  };
}

/** IPv4 ranges count in their IPv6 spellings as well: mapped (by itself), compatible, and behind NAT64. */
function blockList(version4: readonly string[], version6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of version4) {
    const [address = '', bits] = range.split('/');
    list.addSubnet(address, Number(bits), 'ipv4');
    for (const prefix of ['::', '64:ff9b::']) list.addSubnet(`${prefix}${address}`, 96 + Number(bits), 'ipv6');
  }
  for (const range of version6) {
    const [address = '', bits] = range.split('/');
    list.addSubnet(address, Number(bits), 'ipv6');
  }
  return list;
}
