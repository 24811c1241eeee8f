// HTTPS for others over a real edge on loopback, with a vault in memory.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, type CertificateAuthority } from '@sallyport/certificate-authority';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createLog } from '@sallyport/platform/log';
import { createTestEdge, type TestEdge } from '../edge/edge-testing.ts';
import type { HttpsRequest } from './https-change.ts';
import { createHttps, type Https, type HttpsNeeds } from './https-service.ts';
import { httpsMigrations } from './https-store.ts';

export const admin = { kind: 'user', id: 'u1', name: 'Ada' };

export type House = {
  readonly https: Https;
  readonly server: Omit<TestEdge, 'port'>;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly sealed: Map<string, Uint8Array>;
  readonly events: AuditEvent[];
  readonly logLines: string[];
  readonly needs: HttpsNeeds;
  /** The process again, on the same data; the old one has ended. */
  restart(): Promise<House>;
  /** Ends whichever process is the last one, so that the first house of a test ends those after it. */
  end(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function createHouse(startMs = Date.now()): Promise<House> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-https-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(database, [httpsMigrations]);
  const sealed = new Map<string, Uint8Array>();
  const events: AuditEvent[] = [];
  const logLines: string[] = [];
  const clock = createManualClock(startMs);
  const needs: HttpsNeeds = {
    secrets: {
      open: async (name) => sealed.get(name),
      seal: async (name, bytes) => void sealed.set(name, Uint8Array.from(bytes)),
    },
    database,
    outbox: { record: async (_transaction, event) => void events.push(event), flushed: async () => undefined },
    clock,
    random: randomBytes,
    log: createLog({ clock, write: (line) => void logLines.push(line) }),
    authority: undefined,
    onAuthority: () => undefined,
    startNames: [],
    deadline: (ms) => AbortSignal.timeout(ms),
  };
  let stop = async (): Promise<void> => undefined;
  const end = async (): Promise<void> => {
    await stop();
    await close();
    rmSync(directory, { recursive: true, force: true });
  };
  const begin = async (): Promise<House> => {
    const https = await createHttps(needs);
    // What a test holds open while certificates change is not cut off for being silent, however slow the machine.
    const limits = { headersTimeoutMs: 3_600_000, idleTimeoutMs: 3_600_000, keepAliveTimeoutMs: 3_600_000 };
    const server = await createTestEdge({ publicOrigin: () => https.publicOrigin(), limits });
    stop = async () => {
      await https.close();
      await server.edge.close(0);
    };
    await https.start((options) => server.edge.openDoor(options));
    const restart = async (): Promise<House> => {
      await stop();
      return begin();
    };
    return { https, server, clock, sealed, events, logLines, needs, restart, end, [Symbol.asyncDispose]: end };
  };
  try {
    return await begin();
  } catch (error) {
    await end();
    throw error;
  }
}

export function byAuthority(port: number, names = ['gate.example.test']): HttpsRequest {
  const certificate = { kind: 'authority', replace: false } as const;
  return { names, host: '127.0.0.1', port, publicPort: undefined, certificate };
}

export function byPem(port: number, pem: { chain: string; key: string }, names = ['gate.example.test']): HttpsRequest {
  const certificate = { kind: 'own', pem: { ...pem, passphrase: undefined } } as const;
  return { names, host: '127.0.0.1', port, publicPort: undefined, certificate };
}

/** Somebody else's authority, and a certificate of it with its key. */
export async function foreignCertificate(
  names: readonly string[],
  atMs = Date.now(),
): Promise<{ authority: CertificateAuthority; chain: string; key: string }> {
  await using house = await createHouse(atMs);
  const authority = await createCertificateAuthority(house.needs, { names });
  const { key, cert } = (await authority.serverCertificate(names)).tlsOptions();
  return { authority, chain: cert, key };
}

export type TlsReply = { readonly status: number; readonly headers: Record<string, unknown>; readonly issuer: string };

/** One request as a browser that trusts `ca` would send it; rejects where the browser would refuse. */
export function getTls(options: {
  port: number;
  ca: string;
  name?: string;
  path?: string;
  headers?: Record<string, string>;
}): Promise<TlsReply> {
  const { port, ca, name = 'gate.example.test', path = '/v1/public', headers = {} } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        ca,
        servername: name,
        agent: false,
        headers: { host: `${name}:${port}`, ...headers },
      },
      (response) => {
        const socket = response.socket;
        const issuer = 'getPeerCertificate' in socket ? JSON.stringify(Reflect.apply(peerOf, socket, [])) : '';
        response.on('error', reject);
        response.resume().on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, issuer });
        });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

function peerOf(this: { getPeerCertificate?: () => { issuer?: unknown } }): unknown {
  return this.getPeerCertificate?.().issuer ?? null;
}
