import { BlockList, isIP } from 'node:net';
import { IdentityError } from '../errors.ts';

const maxNetworks = 50;

/**
 * Networks a key may be used from, as `192.0.2.0/24`, `2001:db8::/32` or one address. Bits beyond the prefix must be zero: who
 * writes them means something else. Throws `key_networks_invalid`.
 */
export function parseNetworks(networks: readonly string[] | undefined): readonly string[] | undefined {
  if (networks === undefined) return undefined;
  if (networks.length === 0 || networks.length > maxNetworks) throw invalid('', `there must be 1 to ${maxNetworks}`);
  return [...new Set(networks.map(parseNetwork))];
}

/** Without networks, from anywhere; with some, never from where nobody can tell. */
export function isFrom(networks: readonly string[] | undefined, address: string | undefined): boolean {
  if (networks === undefined) return true;
  const plain = (address ?? '').replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  const family = isIP(plain);
  if (family === 0) return false;
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', prefix = ''] = network.split('/');
    list.addSubnet(base, Number(prefix), isIP(base) === 6 ? 'ipv6' : 'ipv4');
  }
  return list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

function parseNetwork(text: string): string {
  const [, base = '', prefixText] = /^([0-9a-f:.]{2,45})(?:\/(\d{1,3}))?$/i.exec(text.trim()) ?? [];
  const family = isIP(base);
  const bits = family === 6 ? 128 : 32;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (family === 0 || prefix > bits) throw invalid(text, 'must be an address, or one with the length of its prefix');
  if (prefix === 0) throw invalid(text, 'it is every address there is: leave networks out instead');
  if (hasBitsBeyond(base, family, prefix)) throw invalid(text, 'bits beyond the prefix must be zero');
  return `${base.toLowerCase()}/${prefix}`;
}

/** Whether the network of one bit less or more at the end would hold the same address: whether `base` is not its first. */
function hasBitsBeyond(base: string, family: number, prefix: number): boolean {
  return bytesOf(base, family).some((byte, at) => {
    const kept = Math.min(8, Math.max(0, prefix - at * 8));
    return (byte & (0xff >> kept)) !== 0;
  });
}

function bytesOf(address: string, family: number): number[] {
  if (family === 4) return address.split('.').map(Number);
  // As URLs write it: hexadecimal alone, and at most one gap.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '');
  const [before, behind] = [groups(head), groups(tail ?? '')];
  const gap = Array.from({ length: 8 - before.length - behind.length }, () => '0');
  return [...before, ...gap, ...behind].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function invalid(text: string, why: string): IdentityError {
  return new IdentityError('key_networks_invalid', `Cannot use network "${text.slice(0, 60)}": ${why}`);
}
