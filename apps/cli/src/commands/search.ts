import { textsOf, type JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, grouped, jsonLine, plainText, timeText } from '../terminal.ts';
import { createRetrier } from '../send/retry.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { eventRow } from './event-rows.ts';
import { asksForTable, isCut, writeTable } from './search-table.ts';
import { duration, oneOf, pointInTime, wholeNumber } from './option-values.ts';

type Options = ConnectionOptions & {
  from?: number;
  to?: number;
  limit: number;
  sort?: string;
  json?: true;
  count?: true;
  histogram?: true;
  interval?: number;
};

const pageSize = 200;
const barWidth = 40;

export function addSearchCommand(program: Command, needs: CliNeeds): void {
  const time = pointInTime(needs.clock.nowMs());
  withConnection(program.command('search'))
    .description('search all events')
    .argument(
      '[query]',
      'words, and field:value; behind a | what becomes of the events; without it every event matches',
      '',
    )
    .option('--from <time>', 'received since: a time, or how long ago (15m, 2h, 7d)', time)
    .option('--to <time>', 'received before', time)
    .option('--limit <count>', 'print at most so many', wholeNumber(1, 100_000), 50)
    .option('--sort <order>', 'newest or oldest first', oneOf('newest', 'oldest'))
    .option('--json', 'one line of JSON per event')
    .option('--count', 'print only how many match')
    .option('--histogram', 'print how many match over time')
    .option(
      '--interval <duration>',
      'width of a bar of the histogram, such as 1m or 1h (default: by the range)',
      duration,
    )
    .action((query: string, options: Options) => search(query, options, needs));
}

async function search(query: string, options: Options, needs: CliNeeds): Promise<void> {
  const connected = openClient(options, needs);
  // A store that is merging what came in has no memory to spare for a while.
  const { run } = createRetrier(
    needs,
    (_, delayMs) => needs.stderr.write(`search is busy, asking again in ${Math.ceil(delayMs / 1000)} s\n`),
    false,
    ({ details }) => details['serverCode'] === 'store_busy',
  );
  const client: Asking = { json: (request) => run(() => connected.json(request), needs.signal) };
  const iso = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : new Date(ms).toISOString();
  const range = { q: query === '' ? undefined : query, from: iso(options.from), to: iso(options.to) };
  try {
    if (asksForTable(query)) await table(client, range, options, needs);
    else if (options.count === true) await count(client, range, options, needs);
    else if (options.histogram === true) await histogram(client, range, options, needs);
    else await list(client, range, options, needs);
  } finally {
    connected.close();
  }
}

type Asking = Pick<ApiClient, 'json'>;
type Range = Readonly<Record<string, string | undefined>>;

async function table(client: Asking, range: Range, options: Options, needs: CliNeeds): Promise<void> {
  const answer = await client.json({ path: '/v1/events/table', query: range, signal: needs.signal });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  writeTable(answer, needs);
  await needs.stdout.drained();
  const more = isCut(answer) ? '; there are more: see | head N' : '';
  needs.stderr.write(
    `${counted(listField(answer, 'rows').length, 'row')} in ${grouped(numberField(answer, 'elapsed_ms') ?? 0)} ms${more}\n`,
  );
  tellHints(answer, needs);
}

async function count(client: Asking, range: Range, options: Options, needs: CliNeeds): Promise<void> {
  const answer = await client.json({ path: '/v1/events/count', query: range, signal: needs.signal });
  needs.stdout.write(options.json === true ? `${jsonLine(answer)}\n` : `${numberField(answer, 'count') ?? 0}\n`);
  if (options.json !== true) tellHints(answer, needs);
}

/** What makes an answer smaller than it may seem. */
function tellHints(answer: JsonValue, { stderr }: CliNeeds): void {
  for (const hint of textsOf(field(answer, 'hints'))) stderr.write(`hint: ${plainText(hint)}\n`);
}

async function histogram(client: Asking, range: Range, options: Options, needs: CliNeeds): Promise<void> {
  const { stdout } = needs;
  const answer = await client.json({
    path: '/v1/events/histogram',
    query: { ...range, interval_ms: options.interval },
    signal: needs.signal,
  });
  if (options.json === true) {
    stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const buckets = listField(answer, 'buckets').map((bucket) => ({
    time: timeText(field(bucket, 'time')),
    count: numberField(bucket, 'count') ?? 0,
  }));
  const most = buckets.reduce((highest, bucket) => Math.max(highest, bucket.count), 1);
  for (const bucket of buckets) {
    stdout.write(
      `${bucket.time.padEnd(20)}  ${grouped(bucket.count).padStart(12)}  ${'█'.repeat(Math.ceil((bucket.count / most) * barWidth))}\n`,
    );
  }
}

async function list(client: Asking, range: Range, options: Options, needs: CliNeeds): Promise<void> {
  const { stdout } = needs;
  let printed = 0;
  let after: string | undefined;
  let elapsedMs = 0;
  let first: JsonValue | undefined;
  do {
    const query = { ...range, sort: options.sort, limit: Math.min(pageSize, options.limit - printed), after };
    const answer = await client.json({ path: '/v1/events', query, signal: needs.signal });
    first ??= answer;
    const events = listField(answer, 'events').slice(0, options.limit - printed);
    for (const event of events)
      stdout.write(options.json === true ? `${jsonLine(event)}\n` : eventRow(event, stdout, needs.clock.nowMs()));
    await stdout.drained();
    printed += events.length;
    elapsedMs += numberField(answer, 'elapsed_ms') ?? 0;
    const next = textField(answer, 'next');
    after = events.length === 0 || next === after ? undefined : next;
  } while (after !== undefined && printed < options.limit);
  if (options.json === true) return;
  const more = after === undefined ? '' : '; there are more: see --limit, or --count for how many';
  needs.stderr.write(`${counted(printed, 'event')} in ${grouped(elapsedMs)} ms${more}\n`);
  tellHints(first ?? null, needs);
}
