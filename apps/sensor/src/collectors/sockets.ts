import type { Clock } from '@sallyport/platform/clock';
import type { Accounts } from '../host/accounts.ts';
import type { HostFiles } from '../host/host-files.ts';
import { imageOf, readCommandLine } from '../host/proc-processes.ts';
import { ownersOf, readSockets } from '../host/proc-sockets.ts';
import type { Socket } from '../host/proc-sockets.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import type { Collector } from './collector.ts';

const maxNewAtOnce = 500;

export type SocketChanges = {
  readonly opened: readonly Socket[];
  readonly connected: readonly Socket[];
  readonly closed: readonly Socket[];
};

/** What differs between two looks: listeners by address and owner, connections by both ends. Connections within this host are left out. */
function socketChanges(before: ReadonlyMap<string, Socket>, now: ReadonlyMap<string, Socket>): SocketChanges {
  const fresh = [...now].filter(([key]) => !before.has(key)).map(([, socket]) => socket);
  return {
    opened: fresh.filter(({ state }) => state === 'listening'),
    connected: fresh.filter(({ state, remoteIp }) => state === 'connected' && !isLoopback(remoteIp)),
    closed: [...before]
      .filter(([key, { state }]) => state === 'listening' && !now.has(key))
      .map(([, socket]) => socket),
  };
}

function bySocketKey(sockets: readonly Socket[]): Map<string, Socket> {
  return new Map(
    sockets
      .filter(({ state }) => state !== 'other')
      .map((socket) => {
        const { protocol, state, localIp, localPort, remoteIp, remotePort, userId } = socket;
        // Several processes may wait at one port, and a server that is started anew has another inode: that is no change.
        const far = state === 'listening' ? String(userId) : `${remoteIp} ${remotePort}`;
        return [`${protocol} ${state} ${localIp} ${localPort} ${far}`, socket];
      }),
  );
}

function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1';
}

/** Ports that are waited at, and connections of processes, by looking at /proc/net every two seconds. */
export function createSocketCollector(needs: {
  readonly files: HostFiles;
  readonly accounts: Accounts;
  readonly clock: Clock;
}): Collector {
  const { files, accounts, clock } = needs;
  let known: Map<string, Socket> | undefined;
  let unowned = 0;
  let told = 0;

  function recordOf(socket: Socket, event: string, owner: number | undefined, isInbound: boolean): SensorRecord {
    const { protocol, localIp, localPort, remoteIp, remotePort, userId } = socket;
    const isConnection = event === 'connection_opened';
    const local = { ip: localIp, port: localPort };
    const remote = { ip: remoteIp, port: remotePort };
    const [source, destination] = isInbound ? [remote, local] : [local, remote];
    return {
      kind: isConnection ? 'connection' : 'listener',
      collector: 'sockets',
      lossy: true,
      timeMs: clock.nowMs(),
      event,
      fields: present({
        Protocol: protocol,
        ...(isConnection
          ? {
              Initiated: String(!isInbound),
              SourceIp: source.ip,
              SourcePort: source.port,
              DestinationIp: destination.ip,
              DestinationPort: destination.port,
            }
          : { ListenIp: localIp, ListenPort: localPort }),
        User: accounts.userName(userId) ?? String(userId),
        ProcessId: owner,
        Image: owner === undefined ? undefined : imageOf(files.link(`/proc/${owner}/exe`)),
        CommandLine: owner === undefined ? undefined : readCommandLine(files, owner),
      }),
    };
  }

  return {
    name: 'sockets',
    everyMs: 2000,
    collect() {
      const now = bySocketKey(readSockets(files));
      const before = known;
      known = now;
      const { opened, connected, closed } = socketChanges(before ?? new Map(), now);
      // At the first look connections that are there already are not new; who waits where is worth telling.
      const fresh = [...opened, ...(before === undefined ? [] : connected)].slice(0, maxNewAtOnce);
      if (fresh.length === 0 && closed.length === 0) return { records: [] };
      const owners =
        fresh.length === 0 ? new Map<number, number>() : ownersOf(files, new Set(fresh.map(({ inode }) => inode)));
      const waitingAt = new Set(
        [...now.values()]
          .filter(({ state }) => state === 'listening')
          .map(({ protocol, localPort }) => `${protocol} ${localPort}`),
      );
      const records = fresh.map((socket) => {
        const owner = owners.get(socket.inode);
        told += 1;
        if (owner === undefined) unowned += 1;
        if (socket.state === 'listening')
          return recordOf(socket, before === undefined ? 'listener_found' : 'listener_opened', owner, false);
        return recordOf(socket, 'connection_opened', owner, waitingAt.has(`${socket.protocol} ${socket.localPort}`));
      });
      return {
        records: [...records, ...closed.map((socket) => recordOf(socket, 'listener_closed', undefined, false))],
      };
    },
    coverage() {
      const hasTables = files.access('/proc/net/tcp') === 'readable';
      const isBlindToOwners = told > 0 && unowned > told / 2;
      return {
        collector: 'sockets',
        state: hasTables ? 'partial' : 'none',
        sees: hasTables ? 'listening ports and connections, by looking at /proc/net every two seconds' : 'nothing',
        misses: hasTables
          ? `connections shorter than two seconds, and those within this host${isBlindToOwners ? '; which process holds them, for other users' : ''}`
          : 'everything',
        remedy: isBlindToOwners
          ? 'run the service with AmbientCapabilities=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH (systemctl edit sallyport-sensor)'
          : undefined,
      };
    },
    problem: () =>
      known?.size === 0 && files.access('/proc/net/tcp') !== 'readable' ? '/proc/net cannot be read' : undefined,
  };
}
