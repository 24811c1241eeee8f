import { BlockList, isIP, isIPv4 } from 'node:net';

/** Where no database can say anything, since everybody has such addresses: private, shared, of the link, of the machine itself. */
const everybodys = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  everybodys.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  everybodys.addSubnet(network, bits, 'ipv6');

/** The address alone: of `2001:db8::/64` its first, of an IPv4 address in IPv6 clothes the IPv4 address. Undefined for what is none. */
function plainAddress(text: string): string | undefined {
  const address = text.replace(/\/\d{1,3}$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(address) === 0 ? undefined : address;
}

/** No address of the internet: nothing is to be made of where it is. `local` and what is no address included. */
export function isEverybodys(text: string): boolean {
  const address = plainAddress(text);
  return address === undefined || everybodys.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** 4 or 16 bytes; undefined for what is no address. */
export function addressBytes(text: string): Uint8Array | undefined {
  const address = plainAddress(text);
  if (address === undefined) return undefined;
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number);
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groupsOf = (part: string): number[] =>
    part === '' ? [] : part.split(':').flatMap((group) => (group.includes('.') ? pairs(group) : [parseInt(group, 16)]));
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const groups = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

function pairs(dotted: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** What counts as one source: an IPv4 address, or the /64 of an IPv6 one, of which a single host commonly has the whole. */
export function sourceOf(text: string): string {
  const bytes = addressBytes(text);
  if (bytes === undefined) return text.slice(0, 64);
  return bytes.length === 4 ? bytes.join('.') : `${groups(bytes, 4)}::/64`;
}

/** About a provider's region: the /16 of an IPv4 address, the /32 of an IPv6 one. `private` for everybody's addresses. */
export function prefixOf(text: string): string {
  const bytes = addressBytes(text);
  if (bytes === undefined || isEverybodys(text)) return 'private';
  return bytes.length === 4 ? `${bytes.slice(0, 2).join('.')}.0.0/16` : `${groups(bytes, 2)}::/32`;
}

/** As sources that rotate are had: the /24 of an IPv4 address, the /48 of an IPv6 one. */
export function blockOf(text: string): string {
  const bytes = addressBytes(text);
  if (bytes === undefined) return text.slice(0, 64);
  return bytes.length === 4 ? `${bytes.slice(0, 3).join('.')}.0/24` : `${groups(bytes, 3)}::/48`;
}

function groups(bytes: Uint8Array, count: number): string {
  return Array.from({ length: count }, (_, at) =>
    ((bytes[at * 2] ?? 0) * 256 + (bytes[at * 2 + 1] ?? 0)).toString(16),
  ).join(':');
}
