import type { JsonValue } from '@sallyport/contracts';
import { Option, type Command } from 'commander';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, grouped, jsonLine, plainText, shortText, tableHead } from '../terminal.ts';
import { scoreSeries } from './behaviour-score.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';

type ListOptions = ConnectionOptions & { kind?: string; limit: number; json?: true };

const kinds = ['user', 'host', 'device', 'camera', 'agent', 'key'];
const nameColumns = 28;
const head = [['risk', 5], ['kind', 7], ['name', nameColumns], ['why']] as const;

export function addBehaviourCommands(program: Command, needs: CliNeeds): void {
  const behaviour = program
    .command('behaviour')
    .description('what is usual for whom, who is at risk, and what is unusual in a series');
  withConnection(behaviour.command('entities'))
    .description('people, hosts, devices, cameras, agents and keys by risk, highest first')
    .addOption(new Option('--kind <kind>', 'only these').choices(kinds))
    .option('--limit <count>', 'the first so many', wholeNumber(1, 500), 20)
    .option('--json', 'print JSON, one entity a line')
    .action((options: ListOptions) => entities(options, needs));
  withConnection(behaviour.command('show'))
    .description('one entity: its risk with reasons, and what is usual for it')
    .argument('<kind>', kinds.join(', '))
    .argument('<name>', 'as behaviour entities prints it')
    .option('--json', 'print JSON')
    .action((kind: string, name: string, options: ConnectionOptions & { json?: true }) =>
      show({ kind, name }, options, needs),
    );
  behaviour
    .command('score')
    .description('score a series of measurements for anomalies, offline: timestamp,value,anomaly_score')
    .requiredOption('--series <file>', 'CSV with the columns timestamp,value')
    .action((options: { series: string }) => scoreSeries(options.series, needs));
}

async function entities(options: ListOptions, needs: CliNeeds): Promise<void> {
  const { stdout, signal } = needs;
  const client = openClient(options, needs);
  try {
    const query = { ...(options.kind === undefined ? {} : { kind: options.kind }), limit: options.limit };
    const page = await client.json({ path: '/v1/behaviour/entities', query, signal });
    const rows = listField(page, 'entities');
    if (options.json === true) {
      for (const row of rows) stdout.write(`${jsonLine(row)}\n`);
      return;
    }
    if (rows.length === 0) {
      stdout.write('Nobody is known yet: entities appear as events about them arrive\n');
      return;
    }
    stdout.write(tableHead(stdout, head));
    for (const row of rows) stdout.write(`${rowOf(row)}\n`);
    const total = numberField(page, 'total') ?? rows.length;
    if (total > rows.length) stdout.write(`${grouped(rows.length)} of ${grouped(total)}: see --limit and --kind\n`);
  } finally {
    client.close();
  }
}

function rowOf(row: JsonValue): string {
  const risk = String(numberField(row, 'risk') ?? 0).padStart(4);
  const kind = (textField(row, 'kind') ?? '').padEnd(7);
  const name = shortText(textField(row, 'name') ?? '', nameColumns).padEnd(nameColumns);
  const why = textsOf(row, 'reasons').map(plainText).join(', ');
  return `${risk}  ${kind} ${name} ${why === '' ? (field(row, 'is_learnt') === true ? '–' : 'learning') : why}`.trimEnd();
}

async function show(
  subject: { kind: string; name: string },
  options: ConnectionOptions & { json?: true },
  needs: CliNeeds,
): Promise<void> {
  const { stdout, signal } = needs;
  const client = openClient(options, needs);
  try {
    const found = await client.json({ path: '/v1/behaviour/entity', query: subject, signal });
    if (options.json === true) {
      stdout.write(`${jsonLine(found)}\n`);
      return;
    }
    const seen = numberField(found, 'events') ?? 0;
    stdout.write(
      `${plainText(subject.kind)} ${plainText(subject.name)}: risk ${numberField(found, 'risk') ?? 0} of 100\n`,
    );
    stdout.write(`${counted(seen, 'event')}${field(found, 'is_learnt') === true ? '' : '; still learning'}\n`);
    for (const reason of listField(found, 'reasons')) {
      const points = numberField(reason, 'points') ?? 0;
      const why = plainText(textField(reason, 'reason') ?? '');
      stdout.write(`  +${points}  ${why}  (event ${plainText(textField(reason, 'finding') ?? '')})\n`);
    }
    for (const model of listField(found, 'models')) stdout.write(modelLine(model));
  } finally {
    client.close();
  }
}

/** What is usual in one line: the commonest values, or how many an hour. */
function modelLine(model: JsonValue): string {
  const name = plainText(`${textField(model, 'topic') ?? ''} ${textField(model, 'aspect') ?? ''}`);
  const learning = field(model, 'is_learnt') === true ? '' : ' (learning)';
  const values = listField(model, 'values')
    .slice(0, 5)
    .map((value) => `${shortText(textField(value, 'value') ?? '', 40)} ×${numberField(value, 'count') ?? 0}`);
  const week = listField(model, 'week').map(Number);
  const most = week.length === 0 ? '' : `up to ${Math.max(...week)} an hour`;
  return `  usual ${name}${learning}: ${values.length > 0 ? values.join(', ') : most === '' ? 'an order of steps' : most}\n`;
}

function textsOf(value: JsonValue, name: string): string[] {
  return listField(value, name).filter((item) => typeof item === 'string');
}
