import { isIP } from 'node:net';

/** Loopback as the text of an address or `localhost`: the only places where plain HTTP is served. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/**
 * What counts as one client: an IPv4 address, or the /64 an IPv6 address is in, of which one host commonly has the whole.
 * `local` for a Unix socket.
 */
export function clientAddress(remoteAddress: string | undefined): string {
  if (remoteAddress === undefined || remoteAddress === '') return 'local';
  const plain = exactAddress(remoteAddress);
  if (isIP(plain) !== 6 || plain === '::1') return plain;
  const [head = '', tail = ''] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = tail.split(':').filter((group) => group !== '');
  const zeros = plain.includes('::')
    ? Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
    : [];
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}

/** Without the zone, and as IPv4 where it is one. */
export function exactAddress(remoteAddress: string): string {
  const [plain = ''] = remoteAddress.split('%');
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1] ?? plain;
}
