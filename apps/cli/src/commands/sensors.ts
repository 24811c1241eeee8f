import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { asTyped, column, jsonLine, plainText, shortText, styled, type TextOutput } from '../terminal.ts';
import { askOperatorRoute, openOperatorClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { data?: string; json?: true };
type InstallOptions = Options & { address: string };

const pageSize = 200;
const maxPages = 50;

/** `sensors`: how the sensors on hosts are, what they cannot see, and what would change that. */
export function addSensorCommands(program: Command, needs: CliNeeds): void {
  const sensors = program
    .command('sensors')
    .description('the sensors on hosts: how each is, what it cannot see, and the line that would change it');
  const options = (command: Command): Command =>
    withConnection(command)
      .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
      .option('--json', 'print JSON');
  options(sensors.command('list', { isDefault: true }))
    .description('list them')
    .action((given: Options) => listSensors(given, needs));
  options(sensors.command('install'))
    .description('make a key for the sensor of another host and print the commands that install it there')
    .argument('<host>', 'the name of the host, as it calls itself')
    .requiredOption('--address <url>', 'where that host reaches this server, as https://sallyport.example:8470')
    .action((host: string, given: InstallOptions) => installSensor(host, given, needs));
  options(sensors.command('accept-key'))
    .description(
      'believe another key that signs in the name of a sensor, as after its host was set up anew, or the one in force as that of the host',
    )
    .argument('<id>', 'the id that list prints')
    .argument('<key>', 'the key that list prints')
    .action((id: string, key: string, given: Options) => acceptKey(id, key, given, needs));
  options(sensors.command('retire'))
    .description('watch a sensor no longer')
    .argument('<id>', 'the id that list prints')
    .action((id: string, given: Options) => retire(id, given, needs));
}

async function listSensors(options: Options, needs: CliNeeds): Promise<void> {
  let after = '';
  let listed = 0;
  for (let page = 0; page < maxPages; page += 1) {
    const place = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
    const answer = await askOperatorRoute(options, needs, { path: `/v1/sensors?limit=${pageSize}${place}` });
    for (const sensor of listField(answer, 'sensors')) {
      listed += 1;
      needs.stdout.write(options.json === true ? `${jsonLine(sensor)}\n` : sensorText(sensor, needs.stdout));
    }
    after = textField(answer, 'next') ?? '';
    if (after === '') break;
  }
  if (listed > 0) return;
  const hint = 'set one up with sallyport sensors install HOST --address URL';
  needs.stderr.write(`No sensors\nhint: ${asTyped(hint, needs.configuration.command)}\n`);
}

const colors = { alive: 'green', degraded: 'yellow', silent: 'red', stopped: 'yellow', unknown: 'dim' } as const;
const marks = { sees: '✔', lossy: '~', blind: '✘' } as const;

/** One sensor for people: its state, everything that is wrong, and every collector that does not see all it could. */
function sensorText(sensor: JsonValue, output: TextOutput): string {
  const text = (name: string, columns = 60): string => shortText(textField(sensor, name) ?? '', columns);
  const state = text('state', 12);
  const shown = styled(output, Object.hasOwn(colors, state) ? colors[known(state, colors)] : 'dim', column(state, 9));
  const figures = field(sensor, 'figures');
  const memory = Math.round((numberField(figures, 'rss_bytes') ?? 0) / 1_048_576);
  const lines = [
    `${text('id', 16)}  ${shown} ${text('host')}  since ${timeOf(numberField(sensor, 'since_ms'))}  ${numberField(figures, 'waiting') ?? 0} waiting, ${numberField(figures, 'lost') ?? 0} lost, ${memory} MiB, ${numberField(figures, 'cpu_percent') ?? 0} % of a core`,
    ...listField(sensor, 'problems').map((problem) => `    ! ${shortText(textField(problem, 'text') ?? '', 200)}`),
    ...(text('shown_key_id') === ''
      ? []
      : [`    sallyport sensors accept-key ${text('id', 16)} ${text('shown_key_id')}`]),
    ...(field(sensor, 'key_accepted') !== false || text('signing_key_id') === ''
      ? []
      : [
          '    nobody said yet that its key is this host’s, so it makes no machine of a run good:',
          `    sallyport sensors accept-key ${text('id', 16)} ${text('signing_key_id')}`,
        ]),
    ...listField(sensor, 'collectors').flatMap(collectorLines),
  ];
  return `${lines.join('\n')}\n`;
}

function collectorLines(collector: JsonValue): string[] {
  const state = textField(collector, 'state') ?? '';
  const name = column(shortText(textField(collector, 'name') ?? '', 32), 10);
  const problem = shortText(textField(collector, 'problem') ?? '', 200);
  const remedy = shortText(textField(collector, 'remedy') ?? '', 400);
  const mark = Object.hasOwn(marks, state) ? marks[known(state, marks)] : '?';
  const what = state === 'sees' ? 'sees' : state === 'lossy' ? `misses ${problem}` : `cannot see ${problem}`;
  return [`    ${mark} ${name} ${what}`, ...(remedy === '' ? [] : [`                 see more: ${remedy}`])];
}

/** The name as one of the table's. */
function known<Name extends string>(name: string, table: Readonly<Record<Name, unknown>>): Name {
  for (const one in table) if (one === name) return one;
  throw new TypeError(`"${name}" is none of the table`);
}

function timeOf(ms: number | undefined): string {
  return ms === undefined || Math.abs(ms) > 8.64e15 ? '?' : `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

async function installSensor(host: string, options: InstallOptions, needs: CliNeeds): Promise<void> {
  const name = host.toLowerCase();
  if (!/^[a-z0-9._-]{1,48}$/.test(name))
    throw new CliError('usage', `Cannot install on "${plainText(host)}": must be a host name of at most 48 characters`);
  const url = URL.canParse(options.address) ? new URL(options.address) : undefined;
  if (url === undefined || url.protocol !== 'https:' || /['\s]/.test(options.address))
    throw new CliError('usage', `Cannot use "${plainText(options.address)}": must be an https address`, {
      hint: 'docs/https.md: how other hosts reach this server',
    });
  const plan = await askOperatorRoute(options, needs, { path: '/v1/sensors/install' });
  const body = { name: `sensor on ${name}`, scopes: ['events:write'], source: `host-${name}` };
  const key = textField(await askOperatorRoute(options, needs, { method: 'POST', path: '/v1/keys', body }), 'key');
  if (key === undefined) throw new CliError('server_answer', 'Cannot read the answer: it holds no key');
  const fill = (text: string): string => text.replaceAll('{{address}}', url.origin).replaceAll('{{key}}', key);
  const steps = listField(plan, 'steps').map((step) => ({
    title: plainText(textField(step, 'title') ?? ''),
    text: fill(textField(step, 'text') ?? ''),
  }));
  if (options.json === true) {
    needs.stdout.write(`${jsonLine({ sha256: textField(plan, 'sha256') ?? '', steps })}\n`);
    return;
  }
  for (const { title, text } of steps)
    needs.stdout.write(`# ${title}\n${text.split('\n').map(plainText).join('\n')}\n\n`);
  needs.stderr.write(
    `Run these as root on ${name} (Node 22 or later is needed there). The key in them is shown this once; the sensor then shows in sallyport sensors.\n`,
  );
}

async function acceptKey(id: string, keyId: string, options: Options, needs: CliNeeds): Promise<void> {
  const path = `/v1/sensors/${encodeURIComponent(id)}/key`;
  const sensor = await askOperatorRoute(options, needs, { method: 'POST', path, body: { key_id: keyId } });
  needs.stdout.write(options.json === true ? `${jsonLine(sensor)}\n` : sensorText(sensor, needs.stdout));
}

async function retire(id: string, options: Options, needs: CliNeeds): Promise<void> {
  const client = openOperatorClient(options, needs);
  try {
    await client.text({ method: 'DELETE', path: `/v1/sensors/${encodeURIComponent(id)}`, signal: needs.signal });
  } finally {
    client.close();
  }
  needs.stdout.write(options.json === true ? `${jsonLine({ id, retired: true })}\n` : `Retired ${plainText(id)}\n`);
}
