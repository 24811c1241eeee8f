/** An address or network as a number and its width: 32 bits for IPv4, 128 for IPv6. */
type Address = { readonly bits: bigint; readonly width: 32 | 128 };

/** A network in CIDR notation as plain data. */
export type CidrNetwork = { readonly text: string; readonly address: Address; readonly prefix: number };

/** `10.0.0.0/8`, `fe80::/10`, or a single address; undefined when `text` is neither. Bits past the prefix are ignored. */
export function parseCidr(text: string): CidrNetwork | undefined {
  const [addressText = '', prefixText, ...rest] = text.split('/');
  const address = parseAddress(addressText);
  if (address === undefined || rest.length > 0) return undefined;
  if (prefixText === undefined) return { text, address, prefix: address.width };
  if (!/^\d{1,3}$/.test(prefixText) || Number(prefixText) > address.width) return undefined;
  return { text, address, prefix: Number(prefixText) };
}

/** True when `text` is an address inside the network. An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) counts as its IPv4 address too. */
export function isInCidr(network: CidrNetwork, text: string): boolean {
  // Most addresses are, and most lists of networks: numbers of 32 bits need nothing large.
  if (network.address.width === 32 && !text.includes(':')) {
    const number = ipv4Number(text);
    if (number < 0) return false;
    const size = 2 ** (32 - network.prefix);
    return Math.floor(number / size) === Math.floor(Number(network.address.bits) / size);
  }
  const address = parseAddress(text);
  if (address === undefined) return false;
  return contains(network, address) || contains(network, mappedIpv4(address));
}

function contains(network: CidrNetwork, address: Address | undefined): boolean {
  if (address?.width !== network.address.width) return false;
  const shift = BigInt(network.address.width - network.prefix);
  return address.bits >> shift === network.address.bits >> shift;
}

function mappedIpv4(address: Address): Address | undefined {
  if (address.width !== 128 || address.bits >> 32n !== 0xffffn) return undefined;
  return { bits: address.bits & 0xffff_ffffn, width: 32 };
}

function parseAddress(text: string): Address | undefined {
  if (text.length > 64) return undefined;
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Address | undefined {
  const number = ipv4Number(text);
  return number < 0 ? undefined : { bits: BigInt(number), width: 32 };
}

/** Four numbers of one to three digits up to 255; -1 for any other text. */
function ipv4Number(text: string): number {
  if (text.length > 15) return -1;
  let number = 0;
  let part = 0;
  let digits = 0;
  let parts = 1;
  for (let at = 0; at < text.length; at += 1) {
    const digit = (text.codePointAt(at) ?? 0) - 48;
    if (digit >= 0 && digit <= 9) {
      part = part * 10 + digit;
      digits += 1;
      if (digits > 3 || part > 255) return -1;
    } else if (digit === -2 && digits > 0) {
      number = number * 256 + part;
      [part, digits, parts] = [0, 0, parts + 1];
    } else return -1;
  }
  return parts === 4 && digits > 0 ? number * 256 + part : -1;
}

function parseIpv6(text: string): Address | undefined {
  const bare = text.replace(/%.*$/, '');
  const halves = bare.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '');
  const tail = groupsOf(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0n), ...tail];
  return { bits: groups.reduce((bits, group) => (bits << 16n) | group, 0n), width: 128 };
}

/** The 16-bit groups of one side of `::`; the last may be written as an IPv4 address. */
function groupsOf(text: string): bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  for (const part of text.split(':')) {
    if (part.includes('.')) {
      const embedded = parseIpv4(part);
      if (embedded === undefined) return undefined;
      groups.push(embedded.bits >> 16n, embedded.bits & 0xffffn);
    } else {
      if (!/^[\da-f]{1,4}$/i.test(part)) return undefined;
      groups.push(BigInt(`0x${part}`));
    }
  }
  return groups;
}
