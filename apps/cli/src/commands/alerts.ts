import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { listField, numberField, parseJson, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { createRetrier } from '../send/retry.ts';
import { readServerSentEvents } from '../server-sent-events.ts';
import { asTyped, counted, grouped, jsonLine, levelRank, plainText } from '../terminal.ts';
import { alertRow } from './alert-rows.ts';
import { addAlertsAroundCommand } from './alerts-around.ts';
import { showAlert } from './alert-show.ts';
import { jsonBody, openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { level, oneOf, pointInTime, wholeNumber } from './option-values.ts';

type Options = ConnectionOptions & {
  follow?: true;
  json?: true;
  since?: number;
  level?: string;
  state?: string;
  agent?: string;
  limit: number;
  all?: true;
  close?: string;
  show?: string;
  as?: string;
  comment?: string;
};

/** Alerts come newest first and are printed oldest first: so many are kept in memory meanwhile. */
const mostHeld = 100_000;
const pageSize = 200;
const alertNumber = /^\d{1,15}$/;
const dispositions = ['true_positive', 'benign', 'expected', 'false_positive'] as const;

export function addAlertsCommand(program: Command, needs: CliNeeds): void {
  const command = withConnection(program.command('alerts'));
  command
    .description('print alerts, by their last finding, oldest first')
    .option('--follow', 'stay and print further alerts, and those that come back, as they happen')
    .option('--json', 'one line of JSON per alert')
    .option(
      '--since <time>',
      'only alerts that found something since: a time, or how long ago (15m, 2h, 7d)',
      pointInTime(needs.clock.nowMs()),
    )
    .option('--level <level>', 'only this level and above: informational, low, medium, high, critical', level)
    .option(
      '--state <state>',
      'only alerts in this state: new, acknowledged, closed',
      oneOf('new', 'acknowledged', 'closed'),
    )
    .option('--agent <id>', 'only alerts about this AI agent')
    .option('--limit <count>', 'the newest so many', wholeNumber(1, mostHeld), 50)
    .option('--all', `all there are, up to ${grouped(mostHeld)}`)
    .option('--show <alert>', 'print this one in full, with what to do: LOG/INDEX of its (first) finding')
    .option('--close <alert>', 'close this alert instead of printing: LOG/INDEX of its (first) finding')
    .option('--as <disposition>', `what it turned out to be: ${dispositions.join(', ')}`, oneOf(...dispositions))
    .option('--comment <text>', 'why; kept in the audit trail')
    .action((options: Options) => {
      if (options.show !== undefined) return showAlert(options.show, options, needs);
      return options.close === undefined ? alerts(options, needs) : close(options, needs);
    });
  addAlertsAroundCommand(command, needs);
}

/** Also said of an alert that is closed already, when it is said what it was. */
async function close(options: Options, needs: CliNeeds): Promise<void> {
  const client = openClient(options, needs);
  try {
    const id = (options.close ?? '').replace('/', '-');
    const path = `/v1/alerts/${encodeURIComponent(id)}`;
    const before = await client.json({ path, signal: needs.signal });
    const isClosed = textField(before, 'state') === 'closed' && options.as !== undefined;
    const body = {
      ...(isClosed ? {} : { state: 'closed' }),
      ...(options.as !== undefined && { disposition: options.as }),
      ...(options.comment !== undefined && { comment: options.comment }),
      revision: numberField(before, 'revision') ?? 0,
    };
    const after = await client.json({
      path,
      signal: needs.signal,
      method: 'PATCH',
      ...jsonBody(body),
    });
    await print(after, options, needs);
  } finally {
    client.close();
  }
}

async function alerts(options: Options, needs: CliNeeds): Promise<void> {
  if (options.as !== undefined || options.comment !== undefined)
    throw new CliError('usage', 'Cannot say what an alert was: it is not told which, with --close');
  const client = openClient(options, needs);
  try {
    const { found, newest, more } = await listAlerts(client, options, needs.signal);
    for (const alert of found.toReversed()) await print(alert, options, needs);
    if (more) {
      const rest =
        options.all === true ? 'narrow them down with --since, --level, --state or --agent' : 'see --limit and --all';
      needs.stderr.write(`The newest ${counted(found.length, 'alert')}; there are more: ${rest}\n`);
    }
    if (options.follow === true) {
      needs.stderr.write('Following; Ctrl-C ends\n');
      await follow(client, newest, options, needs);
    } else if (found.length === 0 && options.json !== true) {
      const narrowed = [options.level, options.since, options.state, options.agent].some(
        (given) => given !== undefined,
      );
      const hint = narrowed
        ? 'leave a filter away, or stay with --follow'
        : 'send events with sallyport send FILE, or stay with --follow';
      needs.stderr.write(
        `${narrowed ? 'No such alerts' : 'No alerts'}\nhint: ${asTyped(hint, needs.configuration.command)}\n`,
      );
    }
  } finally {
    client.close();
  }
}

function isWanted(alert: JsonValue, options: Options): boolean {
  if (options.level !== undefined && levelRank(textField(alert, 'level') ?? '') < levelRank(options.level))
    return false;
  if (options.state !== undefined && textField(alert, 'state') !== options.state) return false;
  if (options.agent !== undefined && !isSameWord(textField(alert, 'agent') ?? '', options.agent)) return false;
  return options.since === undefined || lastSeenMs(alert) >= options.since;
}

/** In any case, as the server finds them. */
function isSameWord(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function lastSeenMs(alert: JsonValue): number {
  return Date.parse(textField(alert, 'last_seen_at') ?? textField(alert, 'created_at') ?? '');
}

function announcementOf(alert: JsonValue | undefined): number {
  return numberField(alert, 'announcement') ?? numberField(alert, 'number') ?? 0;
}

type Listed = {
  /** Newest first. */
  readonly found: JsonValue[];
  /** The number of the newest announcement of all that were told. */
  readonly newest: number;
  readonly more: boolean;
};

/** The newest alerts that are wanted. Ends whatever the server answers: a page that holds none of them was the last. */
async function listAlerts(client: ApiClient, options: Options, signal: AbortSignal): Promise<Listed> {
  const limit = options.all === true ? mostHeld : options.limit;
  const found: JsonValue[] = [];
  let newest = 0;
  let after: string | number | undefined;
  for (;;) {
    const since = options.since === undefined ? undefined : new Date(options.since).toISOString();
    const asked = Math.min(limit - found.length, pageSize);
    const { state, level: from, agent } = options;
    const query = { state, level: from, agent, since, limit: asked, after };
    const page = await client.json({ path: '/v1/alerts', query, signal });
    const list = listField(page, 'alerts');
    // As it stood before the first page was read: what is announced meanwhile is followed.
    const told = numberField(page, 'newest_announcement');
    if (told === undefined)
      newest = list.reduce<number>((highest, one) => Math.max(highest, announcementOf(one)), newest);
    else if (after === undefined) newest = told;
    const wanted = list.filter((alert) => isWanted(alert, options));
    found.push(...wanted.slice(0, limit - found.length));
    const next = textField(page, 'next') ?? numberField(page, 'next');
    const more = wanted.length > asked || next !== undefined;
    if (found.length >= limit || wanted.length === 0 || next === undefined || next === after)
      return { found, newest, more: more && wanted.length > 0 };
    after = next;
  }
}

/**
 * Prints what the stream brings until the signal ends it. A broken connection is taken up again behind the last alert,
 * for as long as it takes, and that it was lost and is back is said.
 */
async function follow(client: ApiClient, newest: number, options: Options, needs: CliNeeds): Promise<void> {
  const { signal, stderr } = needs;
  let last = newest;
  let lost = false;
  const onWait = (error: CliError, delayMs: number): void => {
    stderr.write(`${plainText(error.message)}; trying again in ${(delayMs / 1000).toFixed(1)} s\n`);
  };
  const retrier = createRetrier(needs, onWait, true);
  while (!signal.aborted) {
    await retrier.run(async () => {
      if (lost) last = await whereToGoOn(client, last, needs);
      const headers = { accept: 'text/event-stream', 'last-event-id': String(last) };
      const chunks = await client.open({ path: '/v1/alerts/stream', headers, signal });
      if (lost) stderr.write(`Connected again; going on behind alert ${last}\n`);
      lost = false;
      try {
        for await (const message of readServerSentEvents(chunks)) {
          if (alertNumber.test(message.lastEventId)) last = Number(message.lastEventId);
          const alert = parseJson(message.data);
          if (message.event === 'alert' && alert !== undefined && isWanted(alert, options))
            await print(alert, options, needs);
        }
      } catch (error) {
        // The stream was open: the connection is there and broke, which starts the attempts anew.
        if (!(error instanceof CliError && error.code === 'server_unreachable')) throw tooLarge(error);
      }
    }, signal);
    signal.throwIfAborted();
    lost = true;
    stderr.write('Connection lost; taking it up again behind the last alert\n');
    await needs.wait(500 + needs.random() * 500, signal);
  }
}

/** Behind the last alert; unless the server has fewer now, as after a restore from an older backup: then behind its newest. */
async function whereToGoOn(client: ApiClient, last: number, { signal, stderr }: CliNeeds): Promise<number> {
  const page = await client.json({ path: '/v1/alerts', query: { limit: 1 }, signal });
  const [newest] = listField(page, 'alerts');
  const number = numberField(page, 'newest_announcement') ?? announcementOf(newest);
  if (number >= last || !Number.isSafeInteger(number) || number < 0) return last;
  stderr.write(`The server holds fewer alerts than before, the newest is ${number}: was it restored?\n`);
  return number;
}

function tooLarge(error: unknown): unknown {
  return error instanceof RangeError
    ? new CliError('server_answer', `Cannot read the stream of alerts: ${error.message}`, { cause: error })
    : error;
}

async function print(alert: JsonValue, options: Options, { stdout }: CliNeeds): Promise<void> {
  stdout.write(options.json === true ? `${jsonLine(alert)}\n` : alertRow(alert, stdout));
  await stdout.drained();
}
