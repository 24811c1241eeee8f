import type { HostFiles } from './host-files.ts';
import { listProcesses } from './proc-processes.ts';

export type Socket = {
  readonly protocol: 'tcp' | 'udp';
  readonly localIp: string;
  readonly localPort: number;
  readonly remoteIp: string;
  readonly remotePort: number;
  readonly state: 'listening' | 'connected' | 'other';
  readonly userId: number;
  readonly inode: number;
};

const tables = [
  ['tcp', '/proc/net/tcp'],
  ['tcp', '/proc/net/tcp6'],
  ['udp', '/proc/net/udp'],
  ['udp', '/proc/net/udp6'],
] as const;
const maxTableBytes = 16 << 20;

export function readSockets(files: HostFiles): Socket[] {
  return tables.flatMap(([protocol, path]) => parseSocketTable(files.text(path, maxTableBytes) ?? '', protocol));
}

/** proc_net(5): a line a socket, addresses as 32-bit words in the host's order, here little-endian. Lines that are none are passed over. */
export function parseSocketTable(text: string, protocol: 'tcp' | 'udp'): Socket[] {
  return text.split('\n').flatMap((line): Socket[] => {
    const [, local = '', remote = '', state = '', , , , userId = '', , inode = ''] = line.trim().split(/\s+/, 10);
    const from = parseEndpoint(local);
    const to = parseEndpoint(remote);
    if (from === undefined || to === undefined || !/^\d+$/.test(inode) || !/^\d+$/.test(userId)) return [];
    return [
      {
        protocol,
        localIp: from.ip,
        localPort: from.port,
        remoteIp: to.ip,
        remotePort: to.port,
        state: stateOf(protocol, state, to.port),
        userId: Number(userId),
        inode: Number(inode),
      },
    ];
  });
}

function stateOf(protocol: 'tcp' | 'udp', state: string, remotePort: number): Socket['state'] {
  if (protocol === 'udp') return remotePort === 0 ? 'listening' : 'connected';
  if (state === '0A') return 'listening';
  // Established, or on its way there.
  return state === '01' || state === '02' ? 'connected' : 'other';
}

function parseEndpoint(text: string): { ip: string; port: number } | undefined {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(text);
  const [, address = '', port = ''] = match ?? [];
  if (match === null) return undefined;
  const bytes = Buffer.from(address, 'hex');
  for (let word = 0; word < bytes.length; word += 4) bytes.subarray(word, word + 4).reverse();
  return { ip: addressText(bytes), port: Number.parseInt(port, 16) };
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff;
  if (isMapped) return bytes.subarray(12).join('.');
  const words = Array.from({ length: 8 }, (_, word) => bytes.readUInt16BE(word * 2).toString(16)).join(':');
  // The canonical form of RFC 5952.
  return new URL(`http://[${words}]/`).hostname.slice(1, -1);
}

/** Which process holds which of these sockets. Processes of other users are visible to root alone. */
export function ownersOf(files: HostFiles, inodes: ReadonlySet<number>): Map<number, number> {
  const found = new Map<number, number>();
  for (const processId of listProcesses(files)) {
    if (found.size === inodes.size) break;
    const folder = `/proc/${processId}/fd`;
    for (const name of files.list(folder)) {
      const inode = Number(/^socket:\[(\d+)\]$/.exec(files.link(`${folder}/${name}`) ?? '')?.[1] ?? -1);
      if (inodes.has(inode) && !found.has(inode)) found.set(inode, processId);
    }
  }
  return found;
}
