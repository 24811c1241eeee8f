// The server process: HTTP edge, modules and projections. Starts the sealer and the store beside it.
import { systemClock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import { createLog } from '@sallyport/platform/log';
import { printAlert, printSensor, printWelcome } from './announce.ts';
import { startServer } from './compose.ts';
import { readProcessConfig } from './config.ts';
import { localAddressOf } from './doors.ts';
import { describeFailure, isStartFinal } from './final-errors.ts';
import { keepCompiled } from './keep-compiled.ts';
import { explainListenError } from './listen-error.ts';
import { every } from './timers.ts';

/** Tells the supervisor that starting again would fail the same way (sysexits.h EX_CONFIG). */
const exitConfigInvalid = 78;
const askedAgainAfterMs = 1000;
const stopWithinMs = 30_000;

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
  /** With what it ends when it stops; and when it has to stop at once. */
  let [exitCode, exitCodeAtOnce] = [0, 1];
  let stop = (): void => process.exit(exitCodeAtOnce);
  const onLedgerLost = (error: unknown): void => {
    // As at a start: whoever runs the server has to see to it, and a restart would only spend another try.
    process.stderr.write(describeFailure(error));
    [exitCode, exitCodeAtOnce] = [exitConfigInvalid, exitConfigInvalid];
    stop();
  };
  // The supervisor is gone: without it nobody would start us again, and its successor must find the place free.
  process.once('disconnect', () => stop());
  const server = await startServer(config, log, { onLedgerLost }).catch((error: unknown) => {
    throw explainListenError(error, config);
  });
  process.send?.('started');
  keepCompiled();
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
      if (performance.now() - stoppingSinceMs > askedAgainAfterMs) process.exit(exitCodeAtOnce);
      return;
    }
    stoppingSinceMs = performance.now();
    log.info('Stopping');
    setTimeout(() => process.exit(exitCodeAtOnce), stopWithinMs).unref();
    server.stop().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        log.error('Did not stop cleanly', { message: messageOf(error) });
        process.exit(exitCodeAtOnce);
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
  process.stderr.write(describeFailure(error));
  process.exit(isStartFinal(error) ? exitConfigInvalid : 1);
}
