import { formatPosition, levelMarks } from '@sallyport/contracts';
import type { SensorView } from '@sallyport/device-fleet';
import type { Alert } from '@sallyport/incident-response';
import type { RunningServer } from './compose.ts';
import type { ServerConfig } from './config.ts';
import type { HostSensorState } from './host-sensor.ts';

const colors = { informational: 90, low: 36, medium: 33, high: 31, critical: 35 } as const;

/** What somebody who has just typed `npm start` needs to know, and on the first run the keys, this once. */
export function printWelcome(server: RunningServer, config: ServerConfig, write: (text: string) => void): void {
  const lines = [
    '',
    `Sallyport is up at ${server.address}`,
    `  console ${consoleAddress(server.address)}`,
    `  data    ${config.dataDirectory}`,
    ...(config.keyProviderFile === undefined
      ? []
      : [`  keys    ${config.keyProviderFile}  (without it and what it names the data cannot be read)`]),
    ...(config.unsealing.kind === 'file' && config.keyProviderFile === undefined
      ? [`  unseal  ${config.unsealing.path}  (keep a copy elsewhere: without it the data cannot be read)`]
      : []),
    `  rules   ${server.rulesLoaded} loaded`,
    `  sensor  ${sensorWords(server.hostSensor.state().kind)}`,
    ...(server.authorityFile === undefined
      ? []
      : [`  trust   ${server.authorityFile}  (give it to clients: curl --cacert, SALLYPORT_CA)`]),
  ];
  if (server.setupLink !== undefined) {
    lines.push(
      '',
      'Nobody can sign in yet. Create the first administrator, on this machine, within 30 minutes:',
      `  ${server.setupLink}`,
    );
  }
  if (server.firstKeys !== undefined) {
    lines.push(
      '',
      'Keys for programs, shown this once (sallyport key create makes others):',
      `  send events   ${server.firstKeys.ingest.reveal()}`,
      `  everything    ${server.firstKeys.operator.reveal()}`,
      '',
      'Nothing is kept elsewhere yet. So that the loss of this machine is not the loss of what it records:',
      '  ./sallyport archive set --directory DIR               a copy of the ledger on another disk, or a bucket',
      '  ./sallyport vault recovery-kit --out FILE             the keys, sealed under a code to write down',
    );
  }
  lines.push(
    '',
    'Next, in another terminal in this folder (no key is needed there):',
    '  ./sallyport status               is all well?',
    '  ./sallyport send FILE            a recorded attack, a log, anything as JSON',
    '  ./sallyport search powershell    find events again',
    '  ./sallyport --help               everything else',
    '',
    'Ctrl-C stops the server; nothing is lost. Alerts appear below.',
    '',
  );
  write(`${lines.join('\n')}\n`);
}

function sensorWords(kind: HostSensorState['kind']): string {
  switch (kind) {
    case 'off':
      return 'off: what happens on this host is not watched';
    case 'unsupported':
      return 'not for this system: what happens on this host is not watched (Linux is)';
    case 'not built':
      return 'not built: what happens on this host is not watched';
    case 'running':
    case 'failed':
    case 'stopped':
      return 'starts beside the server; what it sees follows';
  }
}

/** One line of what the sensor of this host sees, partly sees and cannot see. */
export function printSensor(sensor: Pick<SensorView, 'host' | 'collectors'>, write: (text: string) => void): void {
  const named = (state: string): string =>
    sensor.collectors
      .filter((one) => one.state === state && !aboutItself.has(one.name))
      .map(({ name }) => printable(name))
      .join(', ');
  const [sees, lossy, blind] = [named('sees'), named('lossy'), named('blind')];
  const parts = [
    ...(sees === '' ? [] : [`sees ${sees}`]),
    ...(lossy === '' ? [] : [`partly ${lossy}`]),
    ...(blind === '' ? [] : [`cannot see ${blind}`]),
  ];
  write(`Sensor on ${printable(sensor.host)}: ${parts.join('; ')} (./sallyport sensors says what would change that)\n`);
}

/** Collectors that watch the sensor, not the host. */
const aboutItself = new Set(['coverage', 'heartbeat', 'posture']);

/** As a browser on this machine should open it: passkeys are made for names, so not for 127.0.0.1. */
function consoleAddress(address: string): string {
  const url = new URL(address);
  if (['127.0.0.1', '[::1]', '0.0.0.0', '[::]'].includes(url.hostname)) url.hostname = 'localhost';
  return url.origin;
}

/** One line each time an alert is announced. Titles come from rule files and hosts from events: neither may steer the terminal. */
export function printAlert(alert: Alert, write: (text: string) => void, inColor: boolean): void {
  const level = `${levelMarks[alert.level]} ${alert.level.padEnd(13)}`;
  const timeOf = (timeMs: number): string => `${new Date(timeMs).toISOString().slice(11, 19)}Z`;
  const isBack = alert.announcement !== alert.number;
  const again = isBack ? `  again, ×${alert.count} since ${timeOf(alert.createdAtMs)}` : '';
  // Which event the newest finding came from stands with the alert.
  const positions = isBack
    ? `finding ${formatPosition(alert.lastFinding)}`
    : `finding ${formatPosition(alert.finding)}  event ${formatPosition(alert.input)}`;
  const shown = inColor ? `\u001b[${colors[alert.level]}m${level}\u001b[0m` : level;
  write(
    `${timeOf(isBack ? alert.announcedAtMs : alert.createdAtMs)}  ${shown} ${printable(alert.title)}${alert.entities.host === undefined ? '' : `  on ${printable(alert.entities.host)}`}${again}  ${positions}\n`,
  );
}

function printable(text: string): string {
  return text.replaceAll(/[\p{C}]/gu, '�').slice(0, 200);
}
