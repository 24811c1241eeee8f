import { textsOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { asTyped, counted, grouped, jsonLine, plainText, shortText, tableHead } from '../terminal.ts';
import { jsonBody, openOperatorClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';

type Options = ConnectionOptions & { data?: string; json?: true };
type SetOptions = Options & { days?: number; forEver?: true; reason: string };
type HoldOptions = Options & { class?: string[]; source?: string; from?: string; to?: string; reason: string };
type SourceOptions = Options & { class: string };

const maxDays = 36_525;

export function addRetentionCommands(program: Command, needs: CliNeeds): void {
  const retention = program
    .command('retention')
    .description('how long what is recorded stays readable: show, set, source, hold')
    .summary('how long what is recorded is kept');
  const add = (name: string): Command =>
    withConnection(retention.command(name))
      .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
      .option('--json', 'print JSON');
  add('show')
    .description('every class with its clock: what is kept, what expires next, what is held, what was erased')
    .action((options: Options) => show(options, needs));
  add('set')
    .description('keep a class longer, at once, or shorter, once two people have signed that and it has waited')
    .argument('<class>', 'events, findings, audit, or one of your own')
    .option('--days <days>', 'days after the day of receipt', wholeNumber(1, maxDays))
    .option('--for-ever', 'let nothing of it expire')
    .requiredOption('--reason <text>', 'why, kept in the audit trail')
    .action((name: string, options: SetOptions) => set(name, options, needs));
  add('source')
    .description('give a source a class, from its next event on')
    .argument('<source>', 'the name it sends as')
    .requiredOption('--class <class>', 'the class; events is what it has without')
    .action((source: string, options: SourceOptions) => setSource(source, options, needs));
  add('hold')
    .description('place a legal hold: whole days of classes expire no more until two people release it')
    .argument('<name>', 'of the case')
    .option('--class <class...>', 'which classes; recordings are those of cameras')
    .option('--source <source>', 'or everything of the class of this source')
    .option('--from <day>', 'first day, such as 2026-11-01')
    .option('--to <day>', 'last day; what is yet to come too without')
    .requiredOption('--reason <text>', 'why, kept in the audit trail')
    .action((name: string, options: HoldOptions) => hold(name, options, needs));
}

async function show(options: Options, needs: CliNeeds): Promise<void> {
  const { stdout } = needs;
  const report = await request(options, needs, { path: '/v1/retention' });
  if (options.json === true) {
    stdout.write(`${jsonLine(report)}\n`);
    return;
  }
  stdout.write(tableHead(stdout, [['class', 12], ['kept', 16], ['what there is']]));
  for (const found of listField(report, 'classes')) {
    const kept = field(found, 'kept') ?? null;
    const erased = field(found, 'erased') ?? null;
    const line = [
      shortText(textField(found, 'name') ?? '', 31).padEnd(12),
      `kept ${keeping(numberField(found, 'keep_days'))}`.padEnd(16),
      `${counted(numberField(kept, 'days') ?? 0, 'day')}, ${counted(numberField(kept, 'events') ?? 0, 'event')}`,
      ...(textField(kept, 'oldest_day') === undefined ? [] : [`since ${textField(kept, 'oldest_day') ?? ''}`]),
      ...(textField(found, 'next_expiry') === undefined
        ? []
        : [`next expires ${(textField(found, 'next_expiry') ?? '').slice(0, 10)}`]),
      ...some(numberField(found, 'due_days'), (days) => `${counted(days, 'day')} due`),
      ...some(numberField(found, 'held_days'), (days) => `${counted(days, 'day')} held`),
      ...some(numberField(erased, 'events'), (events) => `${grouped(events)} erased`),
    ];
    stdout.write(`${plainText(line.join('  ').trimEnd())}\n`);
    for (const waiting of listField(found, 'waiting'))
      stdout.write(
        `  waiting: ${keeping(numberField(waiting, 'keep_days'))}, ${counted(numberField(waiting, 'signatures') ?? 0, 'signature')} of 2, ${shortText(textField(waiting, 'id') ?? '', 60)}\n`,
      );
  }
  stdout.write(expiryNote(report));
  const recordings = field(report, 'recordings') ?? null;
  if (recordings !== null)
    stdout.write(`recordings    kept ${keeping(numberField(recordings, 'keep_days'))}, by the settings of cameras\n`);
  for (const held of listField(report, 'holds'))
    stdout.write(
      `hold "${shortText(textField(held, 'name') ?? '', 60)}": ${shortText(textsOf(field(held, 'classes')).join(', '), 120)} from ${textField(held, 'from_day') ?? 'the beginning'} to ${textField(held, 'to_day') ?? 'whenever'}, ${counted(numberField(held, 'keys') ?? 0, 'key')}\n`,
    );
}

async function set(name: string, options: SetOptions, needs: CliNeeds): Promise<void> {
  if ((options.days === undefined) === (options.forEver === undefined))
    throw new CliError('usage', 'Cannot tell how long: must have --days or --for-ever, and not both');
  const step = await request(options, needs, {
    method: 'PUT',
    path: `/v1/retention/classes/${encodeURIComponent(name)}`,
    body: { keep_days: options.days ?? null, reason: options.reason },
  });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(step)}\n`);
    return;
  }
  const how = `"${shortText(name, 31)}" ${options.days === undefined ? 'for ever' : `for ${keeping(options.days)}`}`;
  if (textField(step, 'stage') === 'agreed') {
    needs.stdout.write(`Keeps ${how}, from now on\n`);
    return;
  }
  const id = shortText(textField(step, 'id') ?? '', 60);
  needs.stdout.write(`Proposed to keep ${how}: ${id}\n`);
  for (const obstacle of textsOf(field(step, 'obstacles'))) needs.stderr.write(`waits: ${plainText(obstacle)}\n`);
  needs.stderr.write(
    `hint: two people sign it in the console, under Retention; ${asTyped('sallyport retention show', needs.configuration.command)} tells how far it is\n`,
  );
}

async function setSource(source: string, options: SourceOptions, needs: CliNeeds): Promise<void> {
  await request(options, needs, {
    method: 'PUT',
    path: `/v1/retention/sources/${encodeURIComponent(source)}`,
    body: { class: options.class },
  });
  needs.stdout.write(
    options.json === true
      ? `${jsonLine({ source, class: options.class })}\n`
      : `Events of "${shortText(source, 100)}" are "${shortText(options.class, 31)}" from now on\n`,
  );
}

async function hold(name: string, options: HoldOptions, needs: CliNeeds): Promise<void> {
  const placed = await request(options, needs, {
    method: 'POST',
    path: '/v1/retention/holds',
    body: {
      name,
      reason: options.reason,
      ...(options.class === undefined ? {} : { classes: options.class }),
      ...(options.source === undefined ? {} : { source: options.source }),
      ...(options.from === undefined ? {} : { from_day: options.from }),
      ...(options.to === undefined ? {} : { to_day: options.to }),
    },
  });
  needs.stdout.write(
    options.json === true
      ? `${jsonLine(placed)}\n`
      : `Holds whole days of ${shortText(textsOf(field(placed, 'classes')).join(', '), 200)}: ${counted(numberField(placed, 'keys') ?? 0, 'key')} now\n`,
  );
}

/** What nobody has decided yet, and what is advised: laws beside "for ever" must not pass for clocks that run. */
function expiryNote(report: JsonValue): string {
  const endless = listField(report, 'classes').filter((found) => numberField(found, 'keep_days') === undefined);
  const advised = endless.flatMap((found) => {
    const days = numberField(found, 'recommended_days');
    return days === undefined ? [] : [`${shortText(textField(found, 'name') ?? '', 31)} ${counted(days, 'day')}`];
  });
  if (endless.length === 0 || advised.length === 0) return '';
  const which =
    endless.length === listField(report, 'classes').length ? 'Nothing expires' : 'What is kept for ever never expires';
  return `${which} until two people agree how long it is kept; recommended: ${advised.join(', ')}\n`;
}

function keeping(days: number | undefined): string {
  return days === undefined ? 'for ever' : counted(days, 'day');
}

function some(count: number | undefined, words: (count: number) => string): string[] {
  return count === undefined || count === 0 ? [] : [words(count)];
}

type Asked = { method?: 'PUT' | 'POST'; path: string; body?: JsonValue };

async function request(options: Options, needs: CliNeeds, { body, ...what }: Asked): Promise<JsonValue> {
  const client = openOperatorClient(options, needs);
  const sent = body === undefined ? {} : jsonBody(body);
  try {
    if (what.path.startsWith('/v1/retention/sources/')) {
      await client.text({ ...what, ...sent, signal: needs.signal });
      return null;
    }
    return await client.json({ ...what, ...sent, signal: needs.signal });
  } finally {
    client.close();
  }
}
