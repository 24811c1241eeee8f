import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { listField, numberField, parseJson, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { createRetrier } from '../send/retry.ts';
import { readServerSentEvents } from '../server-sent-events.ts';
import { jsonLine, levelLabel, levelRank, plainText, shortText, styled } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { level, oneOf, pointInTime, wholeNumber } from './option-values.ts';

type Options = ConnectionOptions & {
  follow?: true;
  json?: true;
  since?: number;
  level?: string;
  state?: string;
  limit: number;
};

export function addAlertsCommand(program: Command, needs: CliNeeds): void {
  withConnection(program.command('alerts'))
    .description('print alerts, oldest first')
    .option('--follow', 'stay and print further alerts as they happen')
    .option('--json', 'one line of JSON per alert')
    .option(
      '--since <time>',
      'only alerts made since: a time, or how long ago (15m, 2h, 7d)',
      pointInTime(needs.clock.nowMs()),
    )
    .option('--level <level>', 'only this level and above: informational, low, medium, high, critical', level)
    .option(
      '--state <state>',
      'only alerts in this state: new, acknowledged, closed',
      oneOf('new', 'acknowledged', 'closed'),
    )
    .option('--limit <count>', 'the newest so many', wholeNumber(1, 10_000), 50)
    .action((options: Options) => alerts(options, needs));
}

async function alerts(options: Options, needs: CliNeeds): Promise<void> {
  const client = openClient(options, needs);
  try {
    const { found, newest } = await listAlerts(client, options, needs.signal);
    for (const alert of found.toReversed()) await print(alert, options, needs);
    if (options.follow === true) {
      if (options.json !== true) needs.stderr.write('Following; Ctrl-C ends\n');
      await follow(client, newest, options, needs);
    } else if (found.length === 0 && options.json !== true) {
      needs.stderr.write('No alerts\nhint: send events with sallyport send FILE, or stay with --follow\n');
    }
  } finally {
    client.close();
  }
}

function isWanted(alert: JsonValue, options: Options): boolean {
  if (options.level !== undefined && levelRank(textField(alert, 'level') ?? '') < levelRank(options.level))
    return false;
  if (options.state !== undefined && textField(alert, 'state') !== options.state) return false;
  return options.since === undefined || createdAtMs(alert) >= options.since;
}

function createdAtMs(alert: JsonValue): number {
  return Date.parse(textField(alert, 'created_at') ?? '');
}

/** The newest alerts that are wanted, newest first, and the number of the newest of all. */
async function listAlerts(
  client: ApiClient,
  options: Options,
  signal: AbortSignal,
): Promise<{ found: JsonValue[]; newest: number }> {
  const found: JsonValue[] = [];
  let newest = 0;
  let after: string | number | undefined;
  do {
    const since = options.since === undefined ? undefined : new Date(options.since).toISOString();
    const query = { state: options.state, level: options.level, since, limit: Math.min(options.limit, 200), after };
    const page = await client.json({ path: '/v1/alerts', query, signal });
    const list = listField(page, 'alerts');
    for (const alert of list) {
      newest = Math.max(newest, numberField(alert, 'number') ?? 0);
      if (isWanted(alert, options) && found.length < options.limit) found.push(alert);
    }
    const next = textField(page, 'next') ?? numberField(page, 'next');
    after = found.length >= options.limit || list.length === 0 || next === after ? undefined : next;
  } while (after !== undefined);
  return { found, newest };
}

/** Prints what the stream brings until the signal ends it. A broken connection is taken up again behind the last alert. */
async function follow(client: ApiClient, newest: number, options: Options, needs: CliNeeds): Promise<void> {
  const { signal } = needs;
  let lastEventId = String(newest);
  let opened = false;
  const retrier = createRetrier(needs, (error, delayMs) => {
    needs.stderr.write(`${plainText(error.message)}; trying again in ${(delayMs / 1000).toFixed(1)} s\n`);
  });
  while (!signal.aborted) {
    await retrier.run(async () => {
      const chunks = await client.open({
        path: '/v1/alerts/stream',
        headers: { accept: 'text/event-stream', 'last-event-id': lastEventId },
        signal,
      });
      opened = true;
      try {
        for await (const message of readServerSentEvents(chunks)) {
          if (message.lastEventId !== '') lastEventId = message.lastEventId;
          const alert = parseJson(message.data);
          if (message.event === 'alert' && alert !== undefined && isWanted(alert, options))
            await print(alert, options, needs);
        }
      } catch (error) {
        // The stream was open: the connection is there and broke, which starts the attempts anew.
        if (!(error instanceof CliError && error.code === 'server_unreachable')) throw error;
      }
    }, signal);
    if (opened) await needs.wait(500 + needs.random() * 500, signal);
  }
}

async function print(alert: JsonValue, options: Options, needs: CliNeeds): Promise<void> {
  const { stdout } = needs;
  if (options.json === true) stdout.write(`${jsonLine(alert)}\n`);
  else {
    const text = (name: string): string => textField(alert, name) ?? '';
    const time = shortText(
      text('created_at')
        .replace('T', ' ')
        .replace(/\.\d+Z$/, 'Z'),
      20,
    );
    const host = text('host') === '' ? '' : `  on ${shortText(text('host'), 60)}`;
    const where = styled(
      stdout,
      'dim',
      `finding ${shortText(text('finding'), 24)}  event ${shortText(text('input'), 24)}`,
    );
    stdout.write(`${time}  ${levelLabel(stdout, text('level'))} ${shortText(text('title'), 120)}${host}  ${where}\n`);
  }
  await stdout.drained();
}
