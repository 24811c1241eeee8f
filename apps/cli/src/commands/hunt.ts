import { textsOf, type JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { readBoundedFile } from '../regular-file.ts';
import { counted, grouped, jsonLine, plainText, timeText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';
import { eventRow } from './event-rows.ts';
import { pointInTime, wholeNumber } from './option-values.ts';

type Options = ConnectionOptions & { json?: true };
type StartOptions = Options & { all?: true; file?: string; query?: string; from?: number; to?: number; wait?: true };
type ResultOptions = Options & { rule?: string; limit: number };

const path = '/v1/hunts';
const maxRuleBytes = 262_144;
const pollMs = 500;

/** `hunt`: rules over everything that is kept. */
export function addHuntCommands(program: Command, needs: CliNeeds): void {
  const hunt = program.command('hunt').description('evaluate rules on everything that is kept');
  const time = pointInTime(needs.clock.nowMs());
  const add = (command: Command): Command => withConnection(command).option('--json', 'print JSON');
  add(hunt.command('start'))
    .description('start a hunt; it goes on by itself, also after a restart of the server')
    .argument('[rules...]', 'ids of rules in force')
    .option('--all', 'with every rule in force')
    .option('--file <rule.yml>', 'with the Sigma rules in this file; they need not be in force')
    .option('--query <query>', 'only events that fit this query as well')
    .option('--from <time>', 'received since: a time, or how long ago (15m, 2h, 7d)', time)
    .option('--to <time>', 'received before', time)
    .option('--wait', 'wait for the end and print what was found')
    .action((rules: string[], options: StartOptions) =>
      withClient(options, needs, (client) => start(client, rules, options, needs)),
    );
  add(hunt.command('list'))
    .description('list hunts, newest first')
    .action((options: Options) => withClient(options, needs, (client) => list(client, options, needs)));
  add(hunt.command('status'))
    .description('tell how far a hunt is and what each rule found')
    .argument('<hunt>', 'id of the hunt')
    .action((id: string, options: Options) =>
      withClient(options, needs, (client) => status(client, id, options, needs)),
    );
  add(hunt.command('results'))
    .description('print the events a hunt found')
    .argument('<hunt>', 'id of the hunt')
    .option('--rule <id>', 'of this rule alone')
    .option('--limit <count>', 'print at most so many', wholeNumber(1, 20_000), 50)
    .action((id: string, options: ResultOptions) =>
      withClient(options, needs, (client) => results(client, id, options, needs)),
    );
  add(hunt.command('cancel'))
    .description('end a hunt; what it found so far stays')
    .argument('<hunt>', 'id of the hunt')
    .action((id: string, options: Options) =>
      withClient(options, needs, async (client) => {
        const answer = await client.json({
          path: `${path}/${encodeURIComponent(id)}/cancel`,
          signal: needs.signal,
          ...posted({}),
        });
        needs.stdout.write(options.json === true ? `${jsonLine(answer)}\n` : `${summary(answer)}\n`);
      }),
    );
}

function posted(body: JsonValue): { method: 'POST'; body: Buffer; headers: Record<string, string> } {
  return { method: 'POST', ...jsonBody(body) };
}

async function start(
  client: ApiClient,
  rules: readonly string[],
  options: StartOptions,
  needs: CliNeeds,
): Promise<void> {
  const given = [rules.length > 0, options.all === true, options.file !== undefined].filter(Boolean).length;
  if (given !== 1)
    throw new CliError('usage', 'Cannot start a hunt: it needs ids of rules, --all, or --file', {
      hint: 'sallyport hunt start --all --from 7d',
    });
  const iso = (ms: number): string => new Date(ms).toISOString();
  const body = {
    ...(rules.length > 0 && { rules: [...rules] }),
    ...(options.all === true && { all: true }),
    ...(options.file !== undefined && { text: (await readBoundedFile(options.file, maxRuleBytes)).toString('utf8') }),
    ...(options.query !== undefined && { q: options.query }),
    ...(options.from !== undefined && { from: iso(options.from) }),
    ...(options.to !== undefined && { to: iso(options.to) }),
  };
  const started = await client.json({ path, signal: needs.signal, ...posted(body) });
  const id = textField(started, 'id') ?? '';
  for (const note of textsOf(field(started, 'notes') ?? null)) needs.stderr.write(`hint: ${plainText(note)}\n`);
  if (options.wait !== true) {
    needs.stdout.write(options.json === true ? `${jsonLine(started)}\n` : `hunt ${plainText(id)} started\n`);
    return;
  }
  await awaitEnd(client, id, needs);
  await status(client, id, options, needs);
}

async function awaitEnd(client: ApiClient, id: string, needs: CliNeeds): Promise<void> {
  const progress = createProgress(needs.stderr, needs.clock);
  try {
    for (;;) {
      const hunt =
        field(await client.json({ path: `${path}/${encodeURIComponent(id)}`, signal: needs.signal }), 'hunt') ?? null;
      if (!['waiting', 'running'].includes(textField(hunt, 'state') ?? '')) return;
      const left = numberField(hunt, 'left_ms');
      const label = `${grouped(numberField(hunt, 'looked_at') ?? 0)} events${left === undefined ? '' : `, about ${Math.ceil(left / 1000)} s left`}`;
      progress.show((numberField(hunt, 'percent') ?? 0) / 100, textField(hunt, 'reason') ?? label);
      await delay(pollMs, undefined, { signal: needs.signal });
    }
  } finally {
    progress.clear();
  }
}

function summary(hunt: JsonValue): string {
  const number = (name: string): number => numberField(hunt, name) ?? 0;
  const state = textField(hunt, 'state') ?? '';
  const reason = textField(hunt, 'reason');
  const skipped =
    number('unscannable') === 0 ? '' : `; ${counted(number('unscannable'), 'event')} could not be evaluated in full`;
  return plainText(
    `${textField(hunt, 'id') ?? ''}  ${state}  ${number('percent')} %  ${grouped(number('looked_at'))} of ${counted(number('events'), 'event')}${skipped}${reason === undefined ? '' : `  (${reason})`}`,
  );
}

async function list(client: ApiClient, options: Options, needs: CliNeeds): Promise<void> {
  const answer = await client.json({ path, signal: needs.signal });
  const hunts = listField(answer, 'hunts');
  for (const hunt of hunts)
    needs.stdout.write(
      options.json === true
        ? `${jsonLine(hunt)}\n`
        : `${timeText(field(hunt, 'started'))}  ${summary(hunt)}  ${plainText(textField(hunt, 'by') ?? '')}\n`,
    );
  if (options.json !== true) needs.stderr.write(`${counted(hunts.length, 'hunt')}\n`);
}

async function status(client: ApiClient, id: string, options: Options, needs: CliNeeds): Promise<void> {
  const answer = await client.json({ path: `${path}/${encodeURIComponent(id)}`, signal: needs.signal });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const rules = listField(answer, 'rules');
  const found = rules.filter((rule) => (numberField(rule, 'matches') ?? 0) > 0);
  needs.stdout.write(`${summary(field(answer, 'hunt') ?? null)}\n`);
  for (const rule of found)
    needs.stdout.write(
      `${grouped(numberField(rule, 'matches') ?? 0).padStart(10)}  ${plainText(textField(rule, 'level') ?? '').padEnd(13)}  ${plainText(textField(rule, 'title') ?? '')}  ${plainText(textField(rule, 'id') ?? '')}\n`,
    );
  needs.stderr.write(`${counted(found.length, 'rule')} of ${rules.length} matched\n`);
}

/** Undefined where the entry is past its retention: a hunt keeps places for longer than the ledger may keep events. */
async function keptEvent(client: ApiClient, position: string, signal: AbortSignal): Promise<JsonValue | undefined> {
  try {
    return await client.json({ path: `/v1/events/${position}`, signal });
  } catch (error) {
    if (error instanceof CliError && error.details['status'] === 404) return undefined;
    throw error;
  }
}

async function results(client: ApiClient, id: string, options: ResultOptions, needs: CliNeeds): Promise<void> {
  let printed = 0;
  let after: string | undefined;
  do {
    const query = { rule: options.rule, limit: Math.min(200, options.limit - printed), after };
    const answer = await client.json({
      path: `${path}/${encodeURIComponent(id)}/results`,
      query,
      signal: needs.signal,
    });
    const matches = listField(answer, 'matches');
    for (const match of matches) {
      if (options.json === true) {
        needs.stdout.write(`${jsonLine(match)}\n`);
        continue;
      }
      const position = textField(match, 'position') ?? '';
      const event = await keptEvent(client, position, needs.signal);
      needs.stdout.write(
        event === undefined
          ? `${timeText(field(match, 'received'))}  ${plainText(position)}  (not kept any more)\n`
          : eventRow(event, needs.stdout, needs.clock.nowMs()),
      );
    }
    await needs.stdout.drained();
    printed += matches.length;
    after = matches.length === 0 ? undefined : textField(answer, 'next');
  } while (after !== undefined && printed < options.limit);
  if (options.json !== true)
    needs.stderr.write(`${counted(printed, 'event')}${after === undefined ? '' : '; there are more: see --limit'}\n`);
}
