import { isIP } from 'node:net';
import type { PermittedNames } from './server-name.ts';

export const nameConstraintsOid = '2.5.29.30';

/**
 * DER of the name constraints extension (RFC 5280 section 4.2.1.10), which @peculiar/x509 has no type for: whoever trusts
 * the authority's certificate trusts it for these names alone, also when its key is stolen.
 */
export function encodeNameConstraints(permitted: PermittedNames): Uint8Array<ArrayBuffer> {
  const dns = permitted.dns.map((name) => element(0x82, Buffer.from(name, 'ascii')));
  const addresses = permitted.ranges.map((range) => element(0x87, encodeRange(range)));
  const subtrees = [...dns, ...addresses].map((base) => element(0x30, base));
  return new Uint8Array(element(0x30, element(0xa0, Buffer.concat(subtrees))));
}

function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  if (length > 0xffff) throw new RangeError(`Cannot encode ${length} bytes: must be at most 65535`);
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

/** The address followed by its mask. */
function encodeRange(range: string): Buffer {
  const [address = '', prefix] = range.split('/');
  const bytes = isIP(address) === 4 ? encodeIpv4(address) : encodeIpv6(address);
  const mask = [...bytes.keys()].map(
    (index) => (0xff00 >> Math.min(8, Math.max(0, Number(prefix) - index * 8))) & 0xff,
  );
  return Buffer.from([...bytes.map((byte, index) => byte & (mask[index] ?? 0)), ...mask]);
}

function encodeIpv4(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function encodeIpv6(address: string): Buffer {
  // The URL parser writes every form the same way, with one `::` for the longest run of zeros.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '');
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
