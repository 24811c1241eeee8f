import { formatPosition } from '@sallyport/contracts';
import type { NewAlert } from '@sallyport/incident-response';
import type { RunningServer } from './compose.ts';
import type { ServerConfig } from './config.ts';

const marks = { informational: '·', low: '▽', medium: '◇', high: '▲', critical: '◆' } as const;
const colors = { informational: 90, low: 36, medium: 33, high: 31, critical: 35 } as const;

/** What somebody who has just typed `npm start` needs to know, and on the first run the keys, this once. */
export function printWelcome(server: RunningServer, config: ServerConfig, write: (text: string) => void): void {
  const lines = [
    '',
    `Sallyport is up at ${server.address}`,
    `  data    ${config.dataDirectory}`,
    ...(config.unsealing.kind === 'file'
      ? [`  unseal  ${config.unsealing.path}  (keep a copy elsewhere: without it the data cannot be read)`]
      : []),
    `  rules   ${server.rulesLoaded} loaded`,
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
      'Keys, shown this once:',
      `  send events   ${server.firstKeys.ingest.reveal()}`,
      `  everything    ${server.firstKeys.operator.reveal()}`,
    );
  }
  lines.push(
    '',
    'Next, in another terminal:',
    '  ./sallyport send FILE            a recorded attack, a log, anything as JSON',
    '  ./sallyport search QUERY',
    '  ./sallyport --help',
    '',
    'Alerts appear below.',
    '',
  );
  write(`${lines.join('\n')}\n`);
}

/** One line an alert. Titles come from rule files and hosts from events: neither may steer the terminal. */
export function printAlert(alert: NewAlert, write: (text: string) => void, inColor: boolean): void {
  const level = `${marks[alert.level]} ${alert.level.padEnd(13)}`;
  const time = new Date(alert.createdAtMs).toISOString().slice(11, 19);
  const shown = inColor ? `\u001b[${colors[alert.level]}m${level}\u001b[0m` : level;
  write(
    `${time}Z  ${shown} ${printable(alert.title)}  ${printable(alert.host ?? '')}  finding ${formatPosition(alert.finding)}  event ${formatPosition(alert.input)}\n`,
  );
}

function printable(text: string): string {
  return text.replaceAll(/[\p{C}]/gu, '�').slice(0, 200);
}
