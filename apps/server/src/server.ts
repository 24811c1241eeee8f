// The server process: HTTP edge, modules and projections. Starts the sealer and the store beside it.
import { systemClock } from '@sallyport/platform/clock';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import { createLog } from '@sallyport/platform/log';
import { printAlert, printSensor, printWelcome } from './announce.ts';
import { startServer } from './compose.ts';
import { readProcessConfig } from './config.ts';
import { localAddressOf } from './doors.ts';
import { explainListenError } from './listen-error.ts';
import { every } from './timers.ts';

/** Tells the supervisor that starting again would fail the same way (sysexits.h EX_CONFIG). */
const exitConfigInvalid = 78;
const askedAgainAfterMs = 1000;
const stopWithinMs = 30_000;
const notWorthRetrying = new Set([
  'config_invalid',
  'data_unwritable',
  'unseal_failed',
  'vault_damaged',
  'vault_rolled_back',
  'vault_two_versions',
  'provider_refused',
  'provider_changed',
  'provider_unknown',
  'master_absent',
  'migration_unknown',
  'migration_out_of_order',
  'ledger_corrupt',
  'ledger_locked',
  'plain_http_not_loopback',
  'address_in_use',
  'address_unusable',
  'EACCES',
  'EROFS',
]);

async function run(): Promise<void> {
  // Whatever this process and its children create is for their own user alone.
  process.umask(0o077);
  const config = readProcessConfig();
  const pretty = config.logFormat === 'pretty';
  const log = createLog({ clock: systemClock, write: (line) => process.stderr.write(line), pretty });
  if (process.getuid?.() === 0) log.warn('Running as root: a user of its own is enough, see deploy/systemd');
  const write = (text: string): void => {
    process.stdout.write(text);
  };
  // A terminal or pipe that is gone must not take the server with it.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  let stop = (): void => process.exit(1);
  // The supervisor is gone: without it nobody would start us again, and its successor must find the place free.
  process.once('disconnect', () => stop());
  const server = await startServer(config, log).catch((error: unknown) => {
    throw explainListenError(error, config);
  });
  process.send?.('started');
  printWelcome(server, config, write);
  server.hostSensor.start(localAddressOf(server.address, config.host));
  const stopTelling = every(1000, () => {
    const own = server.hostSensor.seen();
    if (own === undefined) return;
    stopTelling();
    printSensor(own, write);
  });
  server.alerts.onAlert((alert) => printAlert(alert, write, process.stdout.isTTY));
  let stoppingSinceMs: number | undefined;
  stop = () => {
    if (stoppingSinceMs !== undefined) {
      // Whatever was acknowledged is durable: somebody who asks again need not wait. One key press may arrive twice.
      if (performance.now() - stoppingSinceMs > askedAgainAfterMs) process.exit(1);
      return;
    }
    stoppingSinceMs = performance.now();
    log.info('Stopping');
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('Did not stop cleanly', { message: messageOf(error) });
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
}

process.on('unhandledRejection', (error) => {
  // A promise nobody waits for has failed: the state is unknown, and everything durable survives a restart.
  process.stderr.write(`unhandled: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});

try {
  await run();
} catch (error) {
  const code = codeOf(error) ?? 'internal';
  const hint = error instanceof CodedError ? error.hint : undefined;
  process.stderr.write(`${code}: ${messageOf(error)}\n${hint === undefined ? '' : `hint: ${hint}\n`}`);
  process.exit(notWorthRetrying.has(code) ? exitConfigInvalid : 1);
}
