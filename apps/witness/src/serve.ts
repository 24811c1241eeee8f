import { errorFields } from '@sallyport/platform/log';
import { once } from 'node:events';
import { Server as TlsServer } from 'node:tls';
import { readTlsFiles } from './config.ts';
import type { ServeSettings } from './config.ts';
import { WitnessError } from './errors.ts';
import { createHttpServer, defaultLimits } from './http/http-server.ts';
import type { HttpLimits } from './http/http-server.ts';
import type { WitnessNeeds } from './needs.ts';
import { lockState } from './state/lock.ts';
import type { Unsealing } from './state/secret-sealing.ts';
import { openIdentity } from './state/state-directory.ts';
import { createWitness } from './witness.ts';

export type ServeNeeds = WitnessNeeds & {
  readonly directory: string;
  readonly settings: ServeSettings;
  readonly unsealing: Unsealing;
  /** Called with the address once it takes requests. */
  readonly listening: (url: string) => void;
  /** Ends the server when aborted. */
  readonly stop: AbortSignal;
  /** Calls back when the certificate files are to be read again. */
  readonly onReload: (reload: () => void) => void;
  readonly limits?: HttpLimits;
};

const shutdownMs = 3000;

/** Serves until it is stopped. Throws `state_missing`, `state_damaged`, `state_locked`, `unseal_failed`, `configuration_invalid`. */
export async function serve(needs: ServeNeeds): Promise<void> {
  const { directory, files, settings, log, stop } = needs;
  const identity = openIdentity(directory, files, needs.unsealing);
  // Who asks for the status looks whether it is held, and so holds it for a moment.
  using _lock = lockState(directory, 'serving', 1000);
  const witness = createWitness({ ...needs, identity, acceptsClock: settings.acceptsClock });
  const { tlsPaths } = settings;
  const rate = settings.requestsPerSecond;
  const limits = needs.limits ?? { ...defaultLimits, perAddress: { perSecond: rate, burst: Math.ceil(rate * 10) } };
  const tls = tlsPaths === undefined ? {} : { tls: readTlsFiles(tlsPaths) };
  const server = createHttpServer({ ...needs, witness, limits, ...tls });
  needs.onReload(() => {
    if (tlsPaths === undefined || !(server instanceof TlsServer)) return;
    try {
      server.setSecureContext({ ...readTlsFiles(tlsPaths), minVersion: 'TLSv1.3' });
      log.info('Read the certificate again');
    } catch (error) {
      log.error('Cannot read the certificate again: the old one stays', errorFields(error));
    }
  });
  try {
    server.listen({ host: settings.host, port: settings.port });
    await once(server, 'listening', { signal: stop });
  } catch (cause) {
    if (stop.aborted) return;
    throw new WitnessError('configuration_invalid', `Cannot listen on ${settings.host}:${settings.port}`, { cause });
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : settings.port;
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  needs.listening(`${tlsPaths === undefined ? 'http' : 'https'}://${host}:${port}`);
  log.info('The witness serves', { name: identity.name, host: settings.host, port, logs: witness.logs().length });
  if (!stop.aborted) await once(stop, 'abort');
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  // A body that is still coming is worth nothing: whoever sends it asks again.
  const cut = setTimeout(() => server.closeAllConnections(), shutdownMs);
  await closed;
  clearTimeout(cut);
  log.info('The witness has stopped');
}
