import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText, shortText, timeText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { json?: true };
type ListOptions = Options & { all?: true; answered?: true };
type AnswerOptions = Options & { seen: string; words: string; run?: true; all?: true };

const path = '/v1/agent/approvals';
const seenLength = 16;

/** `agent approvals`: calls of agents that wait for a person. */
export function addApprovalCommands(agent: Command, needs: CliNeeds): void {
  const approvals = agent.command('approvals').description('calls of agents that wait for your yes or no');
  withConnection(approvals.command('list'))
    .description('what waits, with all that is known of it')
    .option('--all', 'of everybody’s agents (agents:read)')
    .option('--answered', 'those that were answered instead, newest first')
    .option('--json', 'print JSON')
    .action((options: ListOptions) => withClient(options, needs, (client) => list(client, options, needs)));
  const answering = (name: string, words: string): Command =>
    withConnection(approvals.command(name))
      .description(words)
      .argument('<question>', 'its id')
      .option('--words <text>', 'the agent reads them', '')
      .option('--all', 'of somebody else’s agent (agents:approve)');
  answering('grant', 'say yes to a call, by the mark that list showed; needs a sign-in from after the question')
    .requiredOption('--seen <mark>', 'the mark that list showed: what you saw is what is let through')
    .option('--run', 'to the same question in this run too')
    .action((id: string, options: AnswerOptions) =>
      withClient(options, needs, (client) => answer(client, { id, says: 'grant' }, options, needs)),
    );
  answering('refuse', 'say no to a call').action((id: string, options: AnswerOptions) =>
    withClient(options, needs, (client) => answer(client, { id, says: 'refuse' }, options, needs)),
  );
}

function read(client: ApiClient, options: { readonly all?: true }, needs: CliNeeds): Promise<JsonValue> {
  return client.json({ path: options.all === true ? path : `${path}/own`, signal: needs.signal });
}

async function list(client: ApiClient, options: ListOptions, needs: CliNeeds): Promise<void> {
  const answered = options.answered === true;
  const found = listField(await read(client, options, needs), answered ? 'answered' : 'waiting');
  for (const one of found)
    needs.stdout.write(
      options.json === true ? `${jsonLine(one)}\n` : answered ? `${answeredRow(one)}\n` : `${waitingText(one)}\n`,
    );
  if (options.json !== true) needs.stderr.write(`${counted(found.length, 'question')}\n`);
}

async function answer(
  client: ApiClient,
  { id, says }: { readonly id: string; readonly says: 'grant' | 'refuse' },
  options: AnswerOptions,
  needs: CliNeeds,
): Promise<void> {
  const waiting = listField(await read(client, options, needs), 'waiting').find((one) => textField(one, 'id') === id);
  const digest = waiting === undefined ? undefined : textField(waiting, 'digest');
  if (waiting === undefined || digest === undefined)
    throw new CliError('usage', `Cannot answer "${plainText(id)}": it waits no more, or is somebody else’s`, {
      hint: 'see what waits: sallyport agent approvals list',
    });
  if (says === 'grant' && (options.seen.length < seenLength || !digest.startsWith(options.seen)))
    throw new CliError('usage', 'Cannot say yes: the mark must be the one that list shows for this very call', {
      hint: 'look at it: sallyport agent approvals list',
    });
  await client.text({
    method: 'POST',
    path: `${path}/${encodeURIComponent(id)}/answer`,
    signal: needs.signal,
    ...jsonBody({
      answer: says,
      digest,
      words: options.words,
      ...(says === 'grant' ? { scope: options.run === true ? 'session' : 'once' } : {}),
    }),
  });
  const title = texts(waiting, 'does')[0] ?? textField(waiting, 'tool') ?? '';
  const isFirst = says === 'grant' && peopleNeeded(waiting) > listField(waiting, 'yeses').length + 1;
  needs.stdout.write(`${says === 'grant' ? 'Said yes' : 'Said no'}: ${shortText(title, 120)}\n`);
  if (isFirst) needs.stdout.write('It waits for another person to say yes too\n');
}

function texts(value: JsonValue, name: string): string[] {
  return listField(value, name).filter((one) => typeof one === 'string');
}

function peopleNeeded(waiting: JsonValue): number {
  return numberField(waiting, 'people_needed') ?? 1;
}

/** Whom it takes, where one is not enough. */
function peopleLine(waiting: JsonValue): string {
  const needed = peopleNeeded(waiting);
  if (needed === 1) return '';
  const names = listField(waiting, 'yeses').map((yes) => textField(yes, 'name') ?? '');
  const uncounted = textField(waiting, 'not_counted') === 'own' ? '; it acts for you, so your yes does not count' : '';
  return `${needed} different people must say yes${names.length === 0 ? '' : `; said by ${names.join(' and ')}`}${uncounted}`;
}

/** All that is known of a question, as lines. */
function waitingText(one: JsonValue): string {
  const agent = field(one, 'agent') ?? null;
  const owner = field(one, 'owner') ?? null;
  const similar = field(one, 'similar') ?? null;
  const lines: [string, string][] = [
    ['question', textField(one, 'id') ?? ''],
    [
      'asked',
      `${timeText(numberField(one, 'asked_at_ms') ?? 0)}, waits until ${timeText(numberField(one, 'waits_until_ms') ?? 0)}`,
    ],
    [
      'agent',
      `${textField(agent, 'name') ?? ''} (${textField(agent, 'harness') ?? ''}) of ${textField(owner, 'name') ?? ''}`,
    ],
    [
      'run',
      [textField(one, 'session_id'), textField(one, 'repository'), textField(one, 'branch'), textField(one, 'host')]
        .filter((part) => part !== undefined)
        .join(' · '),
    ],
    ...texts(one, 'does').map((words): [string, string] => ['does', words]),
    ...listField(one, 'values').map((value): [string, string] => [
      `  ${textField(value, 'name') ?? ''}`,
      `${textField(value, 'text') ?? ''}${leftOut(numberField(value, 'left_out') ?? 0)}`,
    ]),
    ...listField(one, 'policies').map((policy): [string, string] => ['asked by', textField(policy, 'words') ?? '']),
    ['why', textField(one, 'reason') ?? ''],
    ...texts(one, 'taint').map((words): [string, string] => ['came through', words]),
    [
      'before',
      `${numberField(similar, 'granted') ?? 0} × yes, ${numberField(similar, 'refused') ?? 0} × no, ${numberField(similar, 'unanswered') ?? 0} × unanswered`,
    ],
    ['takes', peopleLine(one)],
    ['mark', (textField(one, 'digest') ?? '').slice(0, seenLength)],
  ];
  return lines
    .filter(([, words]) => words !== '')
    .map(
      ([name, words]) =>
        `${plainText(name).padEnd(14)}  ${words
          .split('\n')
          .map((line) => plainText(line))
          .join(`\n${' '.repeat(16)}`)}\n`,
    )
    .join('');
}

function leftOut(count: number): string {
  return count === 0 ? '' : `\n(${count} characters of it are not shown)`;
}

function answeredRow(one: JsonValue): string {
  const by = field(one, 'answered_by');
  const before = textField(one, 'answer') === 'granted' ? listField(one, 'also_by') : [];
  const names = [...before, ...(by === undefined ? [] : [by])].map((person) => textField(person, 'name') ?? '');
  return [
    textField(one, 'id') ?? '',
    timeText(numberField(one, 'answered_at_ms') ?? 0),
    (textField(one, 'answer') ?? '').padEnd(9),
    // Of one that two people had to answer, whoever said yes before comes first.
    shortText(names.length === 0 ? '-' : names.join(', '), 20).padEnd(20),
    shortText(textField(one, 'title') ?? '', 80),
  ].join('  ');
}
