import { isJsonObject } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { Option, type Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { column, grouped, jsonLine, plainText, shortText, tableHead } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { coverageOfFolders } from './coverage-of-folders.ts';
import { wholeNumber } from './option-values.ts';

const frameworks = ['attack', 'atlas'] as const;
const formats = ['table', 'json', 'navigator', 'csv'] as const;
type Options = ConnectionOptions & {
  framework: string;
  format: string;
  window: number;
  gaps?: true;
  rules?: string[];
};
const head = [
  ['verdict', 7],
  ['id', 13],
  ['technique', 44],
  ['rules', 5],
  ['with data', 9],
  ['30 d', 6],
] as const;

/** `coverage`: which techniques the rules can see. */
export function addCoverageCommand(program: Command, needs: CliNeeds): void {
  withConnection(program.command('coverage'))
    .description('which ATT&CK or ATLAS techniques the rules in force can see, with the data that arrives')
    .addOption(new Option('--framework <name>', 'which techniques').choices(frameworks).default('attack'))
    .addOption(
      new Option('--format <format>', 'navigator: a layer for MITRE’s ATT&CK Navigator')
        .choices(formats)
        .default('table'),
    )
    .option('--window <days>', 'data counts that arrived in so many days', wholeNumber(1, 30), 7)
    .option('--gaps', 'only what is blind or has no rule')
    .option(
      '--rules <path...>',
      'rule files and folders on this machine instead of a server; their data is taken to arrive',
    )
    .action((options: Options) => coverage(options, needs));
}

async function coverage(options: Options, needs: CliNeeds): Promise<void> {
  const framework = frameworks.find((known) => known === options.framework) ?? 'attack';
  const isFile = options.format === 'navigator' || options.format === 'csv';
  if (isFile && options.gaps === true)
    throw new CliError('usage', `Cannot leave anything out of ${options.format}: --gaps is for table and json`);
  if (options.rules !== undefined) {
    const offline = await coverageOfFolders(options.rules, framework, needs);
    needs.stderr.write(offline.note);
    if (isFile) needs.stdout.write(options.format === 'csv' ? offline.csv() : offline.navigator());
    else show(offline.answer, options, needs);
    return;
  }
  const client = openClient(options, needs);
  const query = { framework, windowDays: options.window };
  try {
    if (!isFile) {
      show(await client.json({ path: '/v1/coverage', query, signal: needs.signal }), options, needs);
      return;
    }
    const file = await client.open({
      path: '/v1/coverage/export',
      query: { ...query, format: options.format },
      signal: needs.signal,
    });
    for await (const chunk of file) needs.stdout.write(chunk.toString('utf8'));
  } finally {
    client.close();
  }
}

function show(map: JsonValue, options: Options, { stdout }: CliNeeds): void {
  const isWanted = (technique: JsonValue): boolean =>
    options.gaps !== true || ['blind', 'none'].includes(textField(technique, 'verdict') ?? '');
  const techniques = listField(map, 'techniques').filter(isWanted);
  if (options.format === 'json') {
    stdout.write(`${jsonLine(isJsonObject(map) ? { ...map, techniques } : map)}\n`);
    return;
  }
  // Of what nothing looks for there is too much for a screen, unless it is asked for.
  const listed = techniques.filter((technique) => options.gaps === true || textField(technique, 'verdict') !== 'none');
  stdout.write(tableHead(stdout, head));
  for (const technique of listed) stdout.write(`${rowOf(technique)}\n`);
  const counts = field(map, 'counts');
  const sum = (name: string): string => grouped(numberField(counts, name) ?? 0);
  const name = `${textField(map, 'name') ?? ''} ${textField(map, 'version') ?? ''}`;
  stdout.write(
    `${plainText(name)}: ${sum('watched')} watched, ${sum('weak')} weak, ${sum('blind')} blind, ${sum('none')} without a rule\n`,
  );
  for (const { tag, reason } of listField(map, 'unplaced').map((one) => ({
    tag: textField(one, 'tag') ?? '',
    reason: textField(one, 'reason') ?? '',
  })))
    stdout.write(`tag ${plainText(tag)}: ${reason === 'withdrawn' ? 'withdrawn' : 'unknown id'}\n`);
  for (const next of listField(map, 'next_sources').slice(0, 3)) {
    const count = listField(next, 'techniques').length;
    const techniques = `${grouped(count)} ${count === 1 ? 'technique' : 'techniques'} more`;
    stdout.write(`connect ${plainText(textField(next, 'words') ?? '')}: ${techniques}\n`);
  }
}

function rowOf(technique: JsonValue): string {
  const verdict = textField(technique, 'verdict') ?? '';
  const number = (name: string, width: number): string => grouped(numberField(technique, name) ?? 0).padStart(width);
  return [
    column(verdict === 'none' ? 'no rule' : verdict, 7),
    column(textField(technique, 'id') ?? '', 13),
    column(shortText(textField(technique, 'name') ?? '', 44), 44),
    number('rules', 5),
    number('rules_with_data', 9),
    number('findings_30d', 6),
  ]
    .join('  ')
    .trimEnd();
}
