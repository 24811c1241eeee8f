import { isIP } from 'node:net';
import { elements } from './der-elements.ts';
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

/**
 * What an extension that `encodeNameConstraints` wrote permits. Undefined for anything else: it is read back out of our own
 * authority's certificate only.
 */
export function decodeNameConstraints(der: Uint8Array): PermittedNames | undefined {
  const permitted = onlyElement(onlyElement(der, 0x30), 0xa0);
  const subtrees = permitted === undefined ? undefined : elements(permitted);
  if (subtrees === undefined) return undefined;
  const dns: string[] = [];
  const ranges: string[] = [];
  for (const subtree of subtrees) {
    const [base, more] = elements(subtree.content) ?? [];
    if (subtree.tag !== 0x30 || base === undefined || more !== undefined) return undefined;
    const range = base.tag === 0x87 ? decodeRange(base.content) : undefined;
    if (range !== undefined) ranges.push(range);
    else if (base.tag === 0x82) dns.push(Buffer.from(base.content).toString('latin1'));
    else return undefined;
  }
  return { dns, ranges };
}

function onlyElement(der: Uint8Array | undefined, tag: number): Uint8Array | undefined {
  const [first, more] = (der === undefined ? undefined : elements(der)) ?? [];
  return first?.tag === tag && more === undefined ? first.content : undefined;
}

function decodeRange(bytes: Uint8Array): string | undefined {
  const half = bytes.length / 2;
  if (half !== 4 && half !== 16) return undefined;
  const mask = [...bytes.subarray(half)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const prefix = /^(1*)0*$/.exec(mask)?.[1]?.length;
  if (prefix === undefined) return undefined;
  const address = bytes.subarray(0, half);
  if (half === 4) return `${address.join('.')}/${prefix}`;
  const groups = Array.from({ length: 8 }, (_, group) =>
    Buffer.from(address)
      .readUInt16BE(group * 2)
      .toString(16),
  );
  return `${new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)}/${prefix}`;
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
