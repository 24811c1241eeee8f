import type { JsonValue } from '@sallyport/contracts';
import { textsOf } from '@sallyport/contracts';
import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { readBoundedFile } from '../regular-file.ts';
import { counted, grouped, jsonLine, plainText, timeText } from '../terminal.ts';
import { rowOf, trialText } from './exception-text.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';
import { pointInFuture, wholeNumber } from './option-values.ts';

type Options = ConnectionOptions & { json?: true };
type TextOptions = Options & {
  rule: string[];
  allRules?: true;
  condition: string;
  host?: string;
  user?: string;
  site?: string;
  days: number;
};
type AddOptions = TextOptions & {
  name: string;
  reason: string;
  expires?: number;
  never?: true;
  accept: string[];
  try: boolean;
};
type ChangeOptions = Omit<AddOptions, 'name'> & { name?: string };
type ListOptions = Options & { state?: string; rule?: string };

const path = '/v1/exceptions';
const maxConditionBytes = 65_536;
const pollMs = 300;
const collect = (value: string, before: string[]): string[] => [...before, value];

/** `exceptions`: matches that are known and harmless, hidden until a day. */
export function addExceptionCommands(program: Command, needs: CliNeeds): void {
  const exceptions = program.command('exceptions').description('hide matches that are known and harmless, until a day');
  const add = (command: Command): Command => withConnection(command).option('--json', 'print JSON');
  const textOf = (command: Command): Command =>
    add(command)
      .option('--rule <id>', 'of this rule or correlation; may be given again', collect, [])
      .option('--all-rules', 'of all rules; needs --host, --user or --site')
      .requiredOption('--condition <file.yml>', 'where this holds: as under "filter" of a Sigma filter')
      .option('--host <name>', 'on this host alone')
      .option('--user <name>', 'of this user alone')
      .option('--site <name>', 'at this site alone')
      .option('--days <count>', 'try it on the findings of so many days', wholeNumber(1, 90), 30);

  add(exceptions.command('list'))
    .description('list exceptions, the newest first, with what they hid')
    .option('--state <state>', 'proposed, active, expired or withdrawn')
    .option('--rule <id>', 'those for this rule')
    .action((options: ListOptions) => withClient(options, needs, (client) => list(client, options, needs)));
  add(exceptions.command('show'))
    .description('tell what an exception says, who made it, and what it hid')
    .argument('<exception>', 'its id')
    .action((id: string, options: Options) => withClient(options, needs, (client) => show(client, id, options, needs)));
  textOf(exceptions.command('try'))
    .description('tell what an exception would have hidden of what was found; saves nothing')
    .action((options: TextOptions) =>
      withClient(options, needs, async (client) => {
        const trial = await tried(client, options, needs);
        needs.stdout.write(options.json === true ? `${jsonLine(trial)}\n` : trialText(trial));
      }),
    );
  textOf(exceptions.command('add'))
    .description('make an exception, tried first; in force at once')
    .requiredOption('--name <name>', 'what it is called')
    .requiredOption('--reason <text>', 'why this is harmless')
    .option('--expires <time>', 'when it ends (7d: in 7 days; default: in 30)', pointInFuture(needs.clock.nowMs()))
    .option('--never', 'it never ends')
    .option('--accept <warning>', 'save it in spite of this warning; may be given again', collect, [])
    .option('--no-try', 'do not try it first')
    .action((options: AddOptions) => withClient(options, needs, (client) => make(client, options, needs)));
  textOf(exceptions.command('change'))
    .description('change an exception, tried first: what it is to say from now on, in full')
    .argument('<exception>', 'its id')
    .requiredOption('--reason <text>', 'why this is harmless')
    .option('--name <name>', 'what it is called (default: as before)')
    .option('--expires <time>', 'when it ends (7d: in 7 days; default: as before)', pointInFuture(needs.clock.nowMs()))
    .option('--never', 'it never ends')
    .option('--accept <warning>', 'save it in spite of this warning; may be given again', collect, [])
    .option('--no-try', 'do not try it first')
    .action((id: string, options: ChangeOptions) =>
      withClient(options, needs, (client) => change(client, id, options, needs)),
    );
  add(exceptions.command('approve'))
    .description('put a proposed exception into force, as a second person')
    .argument('<exception>', 'its id')
    .action((id: string, options: Options) =>
      withClient(options, needs, (client) => act(client, { id, action: 'approve', body: {} }, options, needs)),
    );
  add(exceptions.command('withdraw'))
    .description('end an exception: events received from now on are told again')
    .argument('<exception>', 'its id')
    .requiredOption('--reason <text>', 'why')
    .action((id: string, options: Options & { reason: string }) =>
      withClient(options, needs, (client) =>
        act(client, { id, action: 'withdraw', body: { reason: options.reason } }, options, needs),
      ),
    );
}

function send(
  client: ApiClient,
  to: string,
  body: JsonValue,
  { signal }: Pick<CliNeeds, 'signal'>,
): Promise<JsonValue> {
  return client.json({ path: to, signal, method: 'POST', ...jsonBody(body) });
}

async function whatOf(options: TextOptions) {
  if (options.rule.length > 0 === (options.allRules === true))
    throw new CliError('usage', 'Cannot take an exception: it needs --rule or --all-rules', {
      hint: 'sallyport rules scorecard --json tells the ids of rules',
    });
  const condition = (await readBoundedFile(options.condition, maxConditionBytes)).toString('utf8');
  return {
    ...(options.allRules === true ? { all_rules: true } : { rules: [...options.rule] }),
    condition,
    ...(options.host !== undefined && { host: options.host }),
    ...(options.user !== undefined && { user: options.user }),
    ...(options.site !== undefined && { site: options.site }),
  };
}

async function tried(client: ApiClient, options: TextOptions, needs: CliNeeds): Promise<JsonValue> {
  let trial = await send(client, `${path}/try`, { ...(await whatOf(options)), days: options.days }, needs);
  const one = `${path}/trials/${encodeURIComponent(textField(trial, 'id') ?? '')}`;
  const progress = createProgress(needs.stderr, needs.clock);
  try {
    while (textField(trial, 'state') === 'running') {
      const [looked, of] = [numberField(trial, 'looked_at') ?? 0, numberField(trial, 'findings') ?? 0];
      progress.show(of === 0 ? 0 : Math.min(1, looked / of), `${grouped(looked)} of ${counted(of, 'finding')}`);
      await delay(pollMs, undefined, { signal: needs.signal });
      trial = await client.json({ path: one, signal: needs.signal });
    }
  } catch (error) {
    if (needs.signal.aborted) await send(client, `${one}/cancel`, {}, { ...needs, signal: AbortSignal.timeout(2000) });
    throw error;
  } finally {
    progress.clear();
  }
  if (textField(trial, 'state') === 'done') return trial;
  throw new CliError('incomplete', `Cannot try the exception: ${textField(trial, 'reason') ?? 'it was cancelled'}`);
}

async function make(client: ApiClient, options: AddOptions, needs: CliNeeds): Promise<void> {
  const { expires } = options;
  const until = expires === undefined ? undefined : new Date(expires).toISOString();
  const body = { ...(await savedText(client, options, needs, until)), name: options.name };
  told(await send(client, path, body, needs), options, needs);
}

/** Name and end stay as they were unless they are said again. */
async function change(client: ApiClient, id: string, options: ChangeOptions, needs: CliNeeds): Promise<void> {
  const one = `${path}/${encodeURIComponent(id)}`;
  const seen = await client.json({ path: one, signal: needs.signal });
  const current = field(seen, 'current') ?? null;
  const before = textField(current, 'expires');
  if (options.expires === undefined && options.never !== true && before === undefined)
    throw new CliError('usage', 'Cannot change an exception that never ends without saying when it does', {
      hint: 'give --expires or --never',
    });
  const until = options.expires === undefined ? before : new Date(options.expires).toISOString();
  const text = await savedText(client, options, needs, options.never === true ? undefined : until);
  const name = options.name ?? textField(current, 'name') ?? id;
  const body = { ...text, name, revision: numberField(seen, 'revision') ?? 0 };
  told(await client.json({ path: one, signal: needs.signal, method: 'PUT', ...jsonBody(body) }), options, needs);
}

async function savedText(
  client: ApiClient,
  options: TextOptions & Pick<AddOptions, 'reason' | 'never' | 'accept' | 'try'>,
  needs: CliNeeds,
  until: string | undefined,
) {
  const what = await whatOf(options);
  const trial = options.try ? await tried(client, options, needs) : undefined;
  if (trial !== undefined) needs.stderr.write(trialText(trial));
  return {
    ...what,
    reason: options.reason,
    ...(until !== undefined && { expires: until }),
    ...(options.never === true && { never: true }),
    ...(trial !== undefined && { trial: textField(trial, 'id') ?? '' }),
    accept: [...options.accept],
  };
}

function told(exception: JsonValue, options: Options, needs: CliNeeds): void {
  needs.stdout.write(options.json === true ? `${jsonLine(exception)}\n` : `${rowOf(exception)}\n`);
}

async function list(client: ApiClient, options: ListOptions, needs: CliNeeds): Promise<void> {
  const query = { state: options.state, rule: options.rule };
  const exceptions = listField(await client.json({ path, query, signal: needs.signal }), 'exceptions');
  for (const one of exceptions) needs.stdout.write(options.json === true ? `${jsonLine(one)}\n` : `${rowOf(one)}\n`);
  if (options.json !== true) needs.stderr.write(`${counted(exceptions.length, 'exception')}\n`);
}

async function show(client: ApiClient, id: string, options: Options, needs: CliNeeds): Promise<void> {
  const exception = await client.json({ path: `${path}/${encodeURIComponent(id)}`, signal: needs.signal });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(exception)}\n`);
    return;
  }
  const lines = [rowOf(exception)];
  for (const version of listField(exception, 'versions')) {
    const trial = field(version, 'tried');
    const rules = textsOf(field(version, 'rules')).join(', ');
    lines.push(
      '',
      `version ${numberField(version, 'version') ?? 0}, ${timeText(field(version, 'made'))}, by ${textField(field(version, 'by') ?? null, 'name') ?? ''}`,
      `  reason  ${textField(version, 'reason') ?? ''}`,
      `  rules   ${rules === '' ? 'all' : rules}`,
      ...['host', 'user', 'site'].flatMap((name) => {
        const bound = textField(version, name);
        return bound === undefined ? [] : [`  ${name.padEnd(6)}  ${bound}`];
      }),
      trial === undefined
        ? '  tried   no'
        : `  tried   ${grouped(numberField(trial, 'hidden') ?? 0)} of ${counted(numberField(trial, 'of') ?? 0, 'finding')} of ${counted(numberField(trial, 'days') ?? 0, 'day')}`,
      ...(textField(version, 'condition') ?? '')
        .trimEnd()
        .split('\n')
        .map((line) => `    ${line}`),
    );
  }
  const newest = listField(exception, 'newest_hidden');
  if (newest.length > 0) lines.push('', 'newest hidden');
  for (const one of newest)
    lines.push(
      `  ${timeText(field(one, 'at'))}  event ${textField(one, 'event') ?? ''}  rule ${textField(one, 'rule_id') ?? ''}`,
    );
  needs.stdout.write(`${lines.map(plainText).join('\n')}\n`);
}

async function act(
  client: ApiClient,
  asked: {
    readonly id: string;
    readonly action: 'approve' | 'withdraw';
    readonly body: Readonly<Record<string, string>>;
  },
  options: Options,
  needs: CliNeeds,
): Promise<void> {
  const one = `${path}/${encodeURIComponent(asked.id)}`;
  const seen = await client.json({ path: one, signal: needs.signal });
  const revision = numberField(seen, 'revision') ?? 0;
  told(await send(client, `${one}/${asked.action}`, { revision, ...asked.body }, needs), options, needs);
}
