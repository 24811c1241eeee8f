import type { CertificateAuthority } from '@sallyport/certificate-authority';
import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import { createTurns } from '@sallyport/platform/turns';
import type { ServerConfig } from './config.ts';
import type { Door, DoorOptions, EdgeTls } from './edge/index.ts';
import type { Https } from './https/index.ts';

/** The listener that asks clients for a certificate: for programs, and for browsers that the sign-in page sends there. */
export type CertificateDoor = {
  /** Opens it where one is wanted, and keeps it in step with HTTPS for others: its address, its names, its certificate. */
  start(open: (options: DoorOptions) => Promise<Door>): Promise<void>;
  /** Where browsers that know us by this name find it; undefined while they cannot. */
  originFor(hostName: string): string | undefined;
  close(): Promise<void>;
};

const lookEveryMs = 5000;
const renewalEveryMs = 3_600_000;

type Shown = { readonly tls: EdgeTls; readonly since: unknown; readonly atMs: number };

export function createCertificateDoor(needs: {
  /** The host is that of the first listener, which counts while there is none for others. */
  readonly config: Pick<ServerConfig, 'certificatePort' | 'host'>;
  readonly names: () => readonly string[];
  readonly https: Pick<Https, 'moment' | 'authority'>;
  readonly clock: { nowMs(): number };
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly log: Log;
}): CertificateDoor {
  const { names, https, clock, log } = needs;
  const port = needs.config.certificatePort;
  const inTurn = createTurns();
  let door: Door | undefined;
  let openedAt: string | undefined;
  let shown: Shown | undefined;
  let stop: () => void = () => undefined;
  let wasTold = false;

  /** The certificate that others see elsewhere is the one browsers know; our own authority's is for every name we have. */
  const certificateFor = async (): Promise<Shown | undefined> => {
    const { settings, shown: others } = https.moment();
    const nowMs = clock.nowMs();
    if (settings !== undefined && settings.certificate.kind !== 'authority' && others !== undefined)
      return shown?.since === others ? shown : { tls: others.tls, since: others, atMs: nowMs };
    const authority: CertificateAuthority | undefined = https.authority();
    if (authority === undefined) return undefined;
    const since = [authority.fingerprint, ...names()].join(' ');
    if (shown?.since === since && nowMs - shown.atMs < renewalEveryMs) return shown;
    return { tls: (await authority.serverCertificate([...names()])).tlsOptions(), since, atMs: nowMs };
  };

  const look = async (open: (options: DoorOptions) => Promise<Door>): Promise<void> => {
    if (port === undefined) return;
    const next = await certificateFor();
    if (next === undefined) {
      if (!wasTold)
        log.warn('The door for client certificates is closed: it needs names, or HTTPS for others', { port });
      wasTold = true;
      return;
    }
    const host = https.moment().settings?.host ?? needs.config.host;
    if (door !== undefined && openedAt !== host) {
      await door.close();
      door = undefined;
    }
    const isNew = door === undefined;
    door ??= await open({ host, port, hostNames: names(), tls: next.tls, asksForCertificate: true });
    openedAt = host;
    if (isNew || shown !== next) {
      door.setTls(next.tls);
      door.setHostNames(names());
    }
    shown = next;
  };

  return {
    async start(open) {
      const attempt = (): Promise<void> =>
        inTurn(() => look(open)).catch((error: unknown) => {
          log.error('The door for client certificates is closed', { port: port ?? 0, ...errorFields(error) });
        });
      await attempt();
      if (port !== undefined) stop = needs.every(lookEveryMs, () => void attempt());
    },
    originFor(hostName) {
      const name = hostName.replaceAll(/[[\]]/g, '');
      return door !== undefined && names().includes(name) ? `https://${hostName}:${door.port}` : undefined;
    },
    async close() {
      stop();
      await inTurn(async () => door?.close());
    },
  };
}
