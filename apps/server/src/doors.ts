import { join } from 'node:path';
import { allActions } from '@sallyport/access-policy';
import { isAgentToken } from '@sallyport/agent-guard';
import type { AgentGuard } from '@sallyport/agent-guard';
import type { CertificateAuthority } from '@sallyport/certificate-authority';
import { isDeviceToken } from '@sallyport/device-fleet';
import type { Devices } from '@sallyport/device-fleet';
import type { ApiKeys, PeopleServices } from '@sallyport/identity';
import { isMachineToken } from '@sallyport/machine-access';
import type { MachineAccess } from '@sallyport/machine-access';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { ServerConfig } from './config.ts';
import { consoleDirectory, createConsoleFiles } from './console-files.ts';
import { createEdge } from './edge/index.ts';
import type { Edge, EdgeNeeds } from './edge/index.ts';
import { createFieldFiles, fieldDirectory } from './field-files.ts';
import type { Https } from './https/index.ts';

type DoorNeeds = {
  readonly edgeNeeds: Omit<EdgeNeeds, 'caller' | 'tls' | 'publicOrigin'>;
  readonly config: ServerConfig;
  readonly apiKeys: Pick<ApiKeys, 'authenticate' | 'recheck'>;
  readonly devices: Pick<Devices, 'authenticate' | 'recheck'>;
  readonly agents: Pick<AgentGuard['sessions'], 'authenticate' | 'recheck'>;
  readonly machineTokens: Pick<MachineAccess['tokens'], 'authenticate' | 'recheck'>;
  readonly sessions: Pick<PeopleServices['sessions'], 'authenticate' | 'recheck' | 'proveKey'>;
  readonly https: Pick<Https, 'publicOrigin' | 'authority'>;
  /** Of the listener started with names; undefined when it speaks plain HTTP on a loopback address. */
  readonly authority: CertificateAuthority | undefined;
  readonly log: Log;
};

export type Doors = {
  listen(): Promise<{ readonly address: string; readonly operatorSocket: string | undefined }>;
  /** Another listener with the same routes; see `edge/door.ts`. */
  readonly openDoor: Edge['openDoor'];
  /** A new certificate for the listener that speaks TLS; the one it has stays when there is none. */
  renewCertificate(): Promise<void>;
  close(): Promise<void>;
};

/** The two ways in: the network, and the socket of the operator on this machine. */
export async function createDoors(needs: DoorNeeds): Promise<Doors> {
  const { edgeNeeds, config, apiKeys, devices, agents, machineTokens, sessions, https, authority, log } = needs;
  // The first administrator is created under this name, with or without others.
  const certificateNames = [...new Set([...config.names, 'localhost'])];
  const tls = (await authority?.serverCertificate(certificateNames))?.tlsOptions();
  // Until it listens, which may be on a port of the system's choice.
  let localAddress = `http://localhost:${config.port}`;
  const edge = await createEdge({
    ...edgeNeeds,
    publicOrigin: () => https.publicOrigin(),
    routes: [...edgeNeeds.routes, createFieldFiles(fieldDirectory), createConsoleFiles(consoleDirectory)],
    caller: {
      kind: 'network',
      async authenticate(token, presented) {
        if (isDeviceToken(token)) return devices.authenticate(token);
        if (isAgentToken(token)) return agents.authenticate(token);
        return isMachineToken(token)
          ? machineTokens.authenticate(token, presented)
          : apiKeys.authenticate(token, presented);
      },
      authenticateSession: (token, use) => sessions.authenticate(token, use),
      proveKey: (principal, request) => sessions.proveKey({ principal, ...request }),
      recheck: async ({ kind, id, sessionId, tokenId, limitedTo }) => {
        if (kind === 'device') return devices.recheck(id);
        if (kind === 'agent') return agents.recheck(id, limitedTo);
        if (tokenId !== undefined) return machineTokens.recheck(tokenId);
        return sessionId === undefined ? apiKeys.recheck(id) : sessions.recheck(sessionId);
      },
    },
    ...(tls === undefined ? {} : { tls }),
  });
  /** Without the socket the server still serves; the operator then needs a key. */
  async function listenForOperator(socketFile: string): Promise<string | undefined> {
    try {
      await edge.openSocket({
        socketFile,
        operator: {
          kind: 'operator',
          principal: { kind: 'operator', id: 'local', name: 'local operator', scopes: allActions },
        },
        publicOrigin: () => https.publicOrigin() ?? localAddress,
      });
      return socketFile;
    } catch (error) {
      log.warn('No operator socket', { message: messageOf(error) });
      return undefined;
    }
  }

  return {
    async listen() {
      const operatorSocket = await listenForOperator(join(config.dataDirectory, 'run', 'operator.sock'));
      const address = await edge.listen({ host: config.host, port: config.port });
      localAddress = addressForLinks(address, config);
      return { address, operatorSocket };
    },
    openDoor: (door) => edge.openDoor(door),
    async renewCertificate() {
      const current = https.authority();
      if (tls === undefined || current === undefined) return;
      try {
        edge.setTls((await current.serverCertificate(certificateNames)).tlsOptions());
      } catch (error) {
        log.error('The certificate was not renewed', { message: messageOf(error) });
      }
    },
    async close() {
      await edge.close();
    },
  };
}

/** Where links lead while there is no listener for others: the first name it was started with, or this machine. */
function addressForLinks(address: string, { names: [name], host }: ServerConfig): string {
  const url = new URL(address);
  if (name === undefined) return localAddressOf(address, host);
  url.hostname = name.includes(':') ? `[${name}]` : name;
  return url.origin;
}

/** As a browser on this machine should open it: passkeys are made for names, so not for 127.0.0.1. */
export function localAddressOf(address: string, host: string): string {
  const url = new URL(address);
  if (['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host)) url.hostname = 'localhost';
  return url.origin;
}
