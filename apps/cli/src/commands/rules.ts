import type { JsonValue } from '@sallyport/contracts';
import { Option, type Command } from 'commander';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { column, grouped, jsonLine, plainText, shortText, tableHead } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';
import { addRuleDocumentCommands } from './rule-documents.ts';
import { addRulePackCommands } from './rules-pack.ts';

type CardOptions = ConnectionOptions & { sort?: string; limit: number; json?: true };

const head = [['verdict', 7], ['24 h', 7], ['30 d', 9], ['false', 6], ['rule', 44], ['why']] as const;

/** `rules`: what the rules in force are worth. */
export function addRulesCommands(program: Command, needs: CliNeeds): void {
  const rules = program.command('rules').description('write rules, and see what they are worth');
  withConnection(rules.command('scorecard'))
    .description('how often each rule fired, how many of its alerts were false, and whether to keep it')
    .addOption(new Option('--sort <order>', 'most of it first').choices(['fires', 'false_positives', 'cost', 'title']))
    .option('--limit <count>', 'the first so many', wholeNumber(1, 5000), 20)
    .option('--json', 'print JSON, one rule a line')
    .action((options: CardOptions) => scorecard(options, needs));
  addRuleDocumentCommands(rules, needs);
  addRulePackCommands(rules, needs);
}

async function scorecard(options: CardOptions, needs: CliNeeds): Promise<void> {
  const { stdout, signal } = needs;
  const client = openClient(options, needs);
  try {
    const query = { ...(options.sort === undefined ? {} : { sort: options.sort }), limit: options.limit };
    const page = await client.json({ path: '/v1/rules/scorecards', query, signal });
    const cards = listField(page, 'scorecards');
    if (options.json === true) {
      for (const card of cards) stdout.write(`${jsonLine(card)}\n`);
      return;
    }
    stdout.write(tableHead(stdout, head));
    for (const card of cards) stdout.write(`${rowOf(card)}\n`);
    const total = numberField(page, 'total') ?? cards.length;
    if (total > cards.length) stdout.write(`${grouped(cards.length)} of ${grouped(total)}: see --limit and --sort\n`);
  } finally {
    client.close();
  }
}

function rowOf(card: JsonValue): string {
  const ratio = field(card, 'false_positive_ratio');
  const share = typeof ratio === 'number' ? `${Math.round(ratio * 100)} %` : '–';
  const number = (name: string, width: number): string => grouped(numberField(card, name) ?? 0).padStart(width);
  const title = shortText(textField(card, 'title') ?? '', 44);
  const hidden = numberField(card, 'hidden_30d') ?? 0;
  const cost = numberField(card, 'processor_share') ?? 0;
  const costly =
    field(card, 'is_costly') === true ? `; takes ${Math.round(cost * 100)} % of the time of all rules` : '';
  const note = `${hidden === 0 ? '' : `; ${grouped(hidden)} hidden by exceptions`}${costly}`;
  const why = plainText(`${textField(card, 'reason') ?? ''}${note}`);
  return [
    column(textField(card, 'verdict') ?? '', 7),
    number('fires_24h', 7),
    number('fires_30d', 9),
    share.padStart(6),
    column(title, 44),
    why,
  ]
    .join('  ')
    .trimEnd();
}
