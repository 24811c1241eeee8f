import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, levelLabel, plainText, timeText } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';

type Options = ConnectionOptions & { hours: number; json?: true };

/** `alerts around`: who and what is near an alert in time and relation. */
export function addAlertsAroundCommand(alerts: Command, needs: CliNeeds): void {
  withConnection(alerts.command('around'))
    .description('who and what is near an alert in time and relation, and when it happened')
    .argument('<alert>', 'LOG/INDEX of its (first) finding')
    .option('--hours <count>', 'how long before and after', wholeNumber(1, 168), 6)
    .option('--json', 'print JSON')
    .action((alert: string, options: Options) => around(alert, options, needs));
}

async function around(alert: string, options: Options, needs: CliNeeds): Promise<void> {
  const { stdout, stderr, signal } = needs;
  const client = openClient(options, needs);
  try {
    const path = `/v1/alerts/${encodeURIComponent(alert.replace('/', '-'))}/around`;
    const found = await client.json({ path, query: { hours: options.hours }, signal });
    if (options.json === true) {
      stdout.write(`${jsonLine(found)}\n`);
      return;
    }
    const about = field(found, 'alert');
    stdout.write(
      `${timeText(field(about, 'last_seen_at'))}  ${levelLabel(stdout, textField(about, 'level') ?? '')}  ${plainText(textField(about, 'title') ?? '')}  priority ${numberField(about, 'priority') ?? 0}\n`,
    );
    const nodes = listField(found, 'nodes');
    const names = new Map(nodes.map((node) => [textField(node, 'id') ?? '', nameOf(node)]));
    for (const node of nodes) for (const line of nodeLines(node, found, names)) stdout.write(`${line}\n`);
    const others = listField(found, 'alerts');
    if (others.length > 0) stdout.write(`\nOther alerts about them\n`);
    for (const other of others)
      stdout.write(
        `  ${timeText(field(other, 'last_seen_at'))}  ${levelLabel(stdout, textField(other, 'level') ?? '')}  ${String(numberField(other, 'priority') ?? 0).padStart(3)}  ${plainText(textField(other, 'title') ?? '')}  ${plainText((textField(other, 'id') ?? '').replace('-', '/'))}\n`,
      );
    stdout.write('\nIn order\n');
    for (const moment of listField(found, 'timeline')) stdout.write(`  ${momentLine(moment)}\n`);
    for (const hint of listField(found, 'hints'))
      if (typeof hint === 'string') stderr.write(`note: ${plainText(hint)}\n`);
  } finally {
    client.close();
  }
}

function nodeLines(node: JsonValue, found: JsonValue, names: ReadonlyMap<string, string>): string[] {
  const id = textField(node, 'id') ?? '';
  const risk = numberField(field(node, 'risk'), 'value') ?? 0;
  const level = textField(field(node, 'criticality'), 'level') ?? 'normal';
  const said = [
    plainText(textField(node, 'kind') ?? ''),
    ...(risk === 0 ? [] : [`risk ${risk}`]),
    ...(level === 'normal' ? [] : [level === 'crown_jewel' ? 'crown jewel' : `${plainText(level)} criticality`]),
    ...((numberField(node, 'alerts') ?? 0) === 0 ? [] : [counted(numberField(node, 'alerts') ?? 0, 'alert')]),
  ];
  const own = listField(found, 'edges').filter((edge) => textField(edge, 'from') === id);
  const folds = listField(found, 'folds').filter((fold) => textField(fold, 'at') === id);
  return [
    `\n${'· '.repeat(numberField(node, 'hop') ?? 0)}${names.get(id) ?? ''}  ${said.join(', ')}`,
    ...own.map((edge) => `    ${edgeLine(edge, names)}`),
    ...folds.map(
      (fold) => `    and at least ${numberField(fold, 'count') ?? 0} more: ${plainText(textField(fold, 'kind') ?? '')}`,
    ),
  ];
}

function edgeLine(edge: JsonValue, names: ReadonlyMap<string, string>): string {
  const count = numberField(edge, 'count') ?? 0;
  const failed = numberField(edge, 'failed') ?? 0;
  const [example] = listField(edge, 'examples');
  return [
    `${plainText(textField(edge, 'words') ?? '')} ${names.get(textField(edge, 'to') ?? '') ?? ''}`,
    ...(count > 1 ? [`×${count}`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(typeof example === 'string' ? [`event ${plainText(example)}`] : []),
  ].join('  ');
}

function momentLine(moment: JsonValue): string {
  const where = textField(moment, 'position') ?? (textField(moment, 'alert') ?? '').replace('-', '/');
  const word = textField(moment, 'kind') === 'alert' ? 'ALERT' : (textField(moment, 'word') ?? '');
  return `${timeText(field(moment, 'at'))}  ${plainText(word).padEnd(8)}  ${plainText(textField(moment, 'text') ?? '')}  ${plainText(where)}`;
}

function nameOf(node: JsonValue): string {
  return plainText(textField(node, 'label') ?? textField(node, 'name') ?? '');
}
