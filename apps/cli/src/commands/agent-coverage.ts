import { isJsonObject } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { Option, type Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { column, counted, jsonLine, plainText, shortText, tableHead } from '../terminal.ts';
import { withClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { format: string; gaps?: true; require?: string[] };

const head = [['state', 9], ['id', 9], ['threat', 40], ['policies of', 34], ['rules', 5], ['else']] as const;

/** `agent coverage`: what is done about the threats to agents that others have named. */
export function addAgentCoverageCommand(agent: Command, needs: CliNeeds): void {
  withConnection(agent.command('coverage'))
    .description(
      'what is done about the threats of OWASP and MITRE ATLAS: exit code 1 where policies cannot be read (agents:read)',
    )
    .addOption(new Option('--format <format>', 'how to print').choices(['table', 'json']).default('table'))
    .option('--gaps', 'only what is not covered, and what of it is not held')
    .option('--require <threat...>', 'exit code 1, too, where one of these is not covered: ASI01 LLM01; or all')
    .action((options: Options) =>
      withClient(options, needs, async (client) => {
        const told = await client.json({ path: '/v1/agents/coverage', signal: needs.signal });
        const threats = listField(told, 'threats');
        if (threats.length === 0 || threats.some((one) => textField(one, 'state') === undefined))
          throw new CliError('server_answer', 'Cannot tell what is covered: the server does not say what is broken', {
            hint: 'it is older than this command: update the server',
          });
        const required = requiredOf(options.require ?? [], threats);
        const listed = threats.filter((one) => options.gaps !== true || !isCovered(one));
        if (options.format === 'json')
          needs.stdout.write(`${jsonLine(isJsonObject(told) ? { ...told, threats: listed } : told)}\n`);
        else show(told, listed, options, needs);
        refuse(told, required);
      }),
    );
}

const idOf = (threat: JsonValue): string => textField(threat, 'id') ?? '';
const isCovered = (threat: JsonValue): boolean => textField(threat, 'state') === 'covered';

/** A threat that no list has is one nobody checks: a slip of the pen must not pass. */
function requiredOf(wanted: readonly string[], threats: readonly JsonValue[]): readonly JsonValue[] {
  if (wanted.some((id) => id.toLowerCase() === 'all')) return threats;
  return wanted.map((id) => {
    const found = threats.find((one) => idOf(one).toLowerCase() === id.toLowerCase());
    if (found !== undefined) return found;
    throw new CliError('usage', `Cannot require "${plainText(id.slice(0, 60))}": no list has such a threat`, {
      hint: 'see their ids: sallyport agent coverage',
    });
  });
}

/** What cannot be read, each with why. */
function brokenLines(told: JsonValue): readonly string[] {
  const own = textField(field(told, 'own'), 'unreadable');
  return [
    ...(own === undefined ? [] : [`policies of your own: ${own}`]),
    ...listField(told, 'packs').flatMap((pack) => {
      const why = textField(pack, 'unreadable');
      const agents = counted(numberField(pack, 'agents') ?? 0, 'agent');
      return why === undefined ? [] : [`pack ${textField(pack, 'pack') ?? ''} (${agents}): ${why}`];
    }),
  ].map(plainText);
}

function show(told: JsonValue, listed: readonly JsonValue[], { gaps }: Options, { stdout }: CliNeeds): void {
  if (listed.length > 0) stdout.write(tableHead(stdout, head));
  for (const threat of listed) {
    stdout.write(`${rowOf(threat)}\n`);
    if (gaps === true) stdout.write(`  not held: ${plainText(textField(threat, 'gap') ?? '')}\n`);
  }
  const threats = listField(told, 'threats');
  const count = (state: string): number => threats.filter((one) => textField(one, 'state') === state).length;
  stdout.write(`${count('covered')} covered, ${count('uncovered')} not covered, ${count('broken')} broken\n`);
  for (const line of brokenLines(told)) stdout.write(`cannot be read: ${line}\n`);
}

function rowOf(threat: JsonValue): string {
  const state = textField(threat, 'state') ?? '';
  const packs = listField(threat, 'packs').flatMap((one) =>
    listField(one, 'policies').length > 0 ? [textField(one, 'pack') ?? ''] : [],
  );
  const means = listField(threat, 'means').filter((one) => typeof one === 'string');
  return [
    column(state === 'uncovered' ? 'nothing' : state, 9),
    column(idOf(threat), 9),
    column(shortText(textField(threat, 'name') ?? '', 40), 40),
    column(packs.join(', '), 34),
    String(listField(threat, 'rules').length).padStart(5),
    plainText(means.join(', ')),
  ]
    .join('  ')
    .trimEnd();
}

function refuse(told: JsonValue, required: readonly JsonValue[]): void {
  const broken = brokenLines(told);
  if (broken.length > 0)
    throw new CliError('not_verified', `Cannot count on policies that nobody can read: ${broken.join('; ')}`, {
      hint: 'no call under them is let through. Own policies: sallyport agent policies list; a pack: the log of the server says why, install it anew',
    });
  const lacking = required.filter((one) => !isCovered(one)).map(idOf);
  if (lacking.length > 0)
    throw new CliError('not_verified', `Not covered, though required: ${lacking.map(plainText).join(', ')}`, {
      hint: 'see what is not held: sallyport agent coverage --gaps',
    });
}
