import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import { readSettings } from './config.ts';
import type { Settings } from './config.ts';
import { SensorError } from './errors.ts';
import { collectOnce, runSensor } from './sensor.ts';
import type { SensorNeeds } from './sensor.ts';

const help = `sensor: sends what happens on this host to a Sallyport server

  sensor run --server URL --key-file FILE --state DIR
  sensor once            look once and print what there is to tell, as JSON lines
  sensor status          how the running sensor is, and what it cannot see here

  --server URL           https, or http on this host only
  --key-file FILE        an API key with events:write (and ledger:read, to have receipts checked)
  --state DIR            spool, keys and baselines (/var/lib/sallyport-sensor)
  --ca FILE              the authority of the server's certificate
  --fingerprint SHA256   exactly this certificate, whoever signed it
  --log-key VKEY         the verifier key of the server's log
  --paths PATH           watch this as well; * stands for one name; may be repeated
  --only-paths           watch nothing but --paths
  --exclude PATH         leave this out; may be repeated
  --auth-log FILE        read sign-ins from this log of syslog, not from the journal
  --hash-list FILE       hashes that must not be here, one a line, or a folder of such lists
  --yara FILE            YARA rules that nothing here must match, or a folder of them
  --without NAME         switch a collector off; may be repeated
  --host NAME            what this host is called (its host name)
  --spool-mb N           bound of the spool (256)
  --vouch-socket FILE    where programs on this host may have it signed that they are on it
  --time-server HOST     asked for the time, too, besides what keeps the clock (docs/clocks.md)
  --secrets-on-input     for who starts it: key and spool key come on standard input, and it stops when that ends
  --config FILE          the same as JSON: server, keyFile, stateDirectory, paths …

No right is needed to start: what is missing, and the line that would change it, is told by sensor status.
`;

const options = {
  server: { type: 'string' },
  'key-file': { type: 'string' },
  state: { type: 'string' },
  ca: { type: 'string' },
  fingerprint: { type: 'string' },
  'log-key': { type: 'string' },
  paths: { type: 'string', multiple: true },
  'only-paths': { type: 'boolean' },
  exclude: { type: 'string', multiple: true },
  'auth-log': { type: 'string' },
  'hash-list': { type: 'string', multiple: true },
  yara: { type: 'string', multiple: true },
  without: { type: 'string', multiple: true },
  host: { type: 'string' },
  root: { type: 'string' },
  'spool-mb': { type: 'string' },
  'vouch-socket': { type: 'string' },
  'time-server': { type: 'string' },
  'secrets-on-input': { type: 'boolean' },
  config: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

export type CommandNeeds = Omit<SensorNeeds, 'settings' | 'log'> & {
  readonly log: (settings: Settings) => Log;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Aborted when the sensor shall stop; its reason is told. */
  readonly stop: AbortSignal;
  /** Aborted when standard input has ended; listened to from the call on. */
  readonly inputEnded: () => AbortSignal;
};

/** 78 is EX_CONFIG of sysexits: an init system need not start it again. */
const exitCodes = { done: 0, failed: 1, usage: 2, configuration: 78 } as const;

/** One command line; gives the exit code. Every failure is told on `err`. */
export async function runCommandLine(args: readonly string[], needs: CommandNeeds): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    if (values.version === true) {
      needs.out(`${packageJson.version}\n`);
      return exitCodes.done;
    }
    const [command, ...rest] = positionals;
    if (values.help === true || command === undefined || rest.length > 0) {
      (values.help === true ? needs.out : needs.err)(help);
      return values.help === true ? exitCodes.done : exitCodes.usage;
    }
    const settings = readSettings(values);
    switch (command) {
      case 'run':
        await runSensor(
          { ...needs, settings, log: needs.log(settings) },
          settings.givenKey === undefined ? needs.stop : AbortSignal.any([needs.stop, needs.inputEnded()]),
        );
        return exitCodes.done;
      case 'once':
        await collectOnce({ ...needs, settings, log: needs.log(settings), write: needs.out });
        return exitCodes.done;
      case 'status':
        return printStatus(settings, needs);
      default:
        throw new SensorError('usage', `Cannot understand "${command}": must be run, once or status`, {
          hint: 'sensor --help',
        });
    }
  } catch (error) {
    needs.err(`error: ${messageOf(error)}\n`);
    if (error instanceof SensorError && error.hint !== undefined) needs.err(`hint: ${error.hint}\n`);
    if (!(error instanceof SensorError)) return exitCodes.failed;
    return error.code === 'usage'
      ? exitCodes.usage
      : error.code === 'server_unreachable' || error.code === 'state_gone'
        ? exitCodes.failed
        : exitCodes.configuration;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new SensorError('usage', messageOf(error), { hint: 'sensor --help' });
  }
}

/** What the sensor wrote with its last heartbeat. */
function printStatus(settings: Settings, { out, clock }: CommandNeeds): number {
  const file = join(settings.stateDirectory, 'status.json');
  let status: JsonValue;
  try {
    status = parseJson(readFileSync(file, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      out(`The sensor has not run with ${settings.stateDirectory}\n`);
      return exitCodes.failed;
    }
    throw new SensorError('state_unusable', `Cannot read "${file}": ${messageOf(error)}`, {
      cause: error,
      hint: 'run it as the sensor’s user, or root',
    });
  }
  if (!isJsonObject(status)) return exitCodes.failed;
  const ageMs = clock.nowMs() - Date.parse(textOf(status['time']));
  const isAlive = ageMs < 60_000;
  out(
    `${isAlive ? 'runs' : 'does not run'}: last sign of life ${Math.round(ageMs / 1000)} s ago, connection ${textOf(status['connection'])}\n`,
  );
  out(
    `${number(status, 'sent')} sent, ${number(status, 'waiting')} waiting (${number(status, 'spool_bytes')} bytes), lost ${JSON.stringify(status['lost'] ?? {})}\n`,
  );
  out(
    `${number(status, 'cpu_percent')} % of a core, ${Math.round(Number(number(status, 'rss_bytes')) / 1048576)} MiB\n\n`,
  );
  const coverage: readonly unknown[] = Array.isArray(status['coverage']) ? status['coverage'] : [];
  for (const one of coverage) if (isJsonObject(one)) out(coverageText(one));
  return isAlive ? exitCodes.done : exitCodes.failed;
}

function number(status: JsonObject, name: string): string {
  const value = status[name];
  return typeof value === 'number' ? String(value) : '?';
}

function coverageText(coverage: JsonObject): string {
  const marks: Readonly<Record<string, string>> = { full: '✔', partial: '~', none: '✘' };
  const lines = [
    `${marks[textOf(coverage['state'])] ?? '?'} ${textOf(coverage['covers']).padEnd(10)} ${printable(textOf(coverage['sees']))}`,
    ...(textOf(coverage['misses']) === '' ? [] : [`             misses ${printable(textOf(coverage['misses']))}`]),
    ...(textOf(coverage['remedy']) === '' ? [] : [`             see more: ${printable(textOf(coverage['remedy']))}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
