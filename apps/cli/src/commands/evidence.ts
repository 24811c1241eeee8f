import { parsePosition } from '@sallyport/contracts';
import { rangeFormat } from '@sallyport/ledger/range-evidence';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { whyNot } from '../system-errors.ts';
import { asTyped, counted, plainText } from '../terminal.ts';
import { codeOf } from '@sallyport/platform/errors';
import { open, rm } from 'node:fs/promises';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { oneOf, pointInTime, wholeNumber } from './option-values.ts';
import { createRangeReading } from './range-reading.ts';

type Positions = { readonly log: number; readonly first: number; readonly past: number };

type Options = ConnectionOptions & {
  out: string;
  query?: string;
  from?: number;
  to?: number;
  positions?: Positions;
  log?: number;
  source?: string[];
  collector?: string[];
  class?: number[];
  bodies?: string;
  nameAll?: true;
  witnessed?: true;
};

export function addEvidenceCommands(program: Command, needs: CliNeeds): void {
  const evidence = program.command('evidence').description('evidence of all events of a range, with nothing left out');
  const time = pointInTime(needs.clock.nowMs());
  const classUid = wholeNumber(0, 4_294_967_295);
  withConnection(evidence.command('export'))
    .description('save all events of a time or of positions with everything that proves that they are all')
    .requiredOption('--out <file>', 'where to save them; an existing file is not overwritten')
    .option('--from <time>', 'received since: a time, or how long ago (15m, 2h, 7d)', time)
    .option('--to <time>', 'received before', time)
    .option('--positions <range>', 'instead of times: LOG/FIRST-LAST, such as 1/4700-4799', positionRange)
    .option('--log <number>', 'which log (default: the newest)', wholeNumber(1, 999_999_999))
    .option('--source <name...>', 'only events of these sources')
    .option('--collector <name...>', 'only what these collectors recorded: audit, detection, intake/SOURCE')
    .option('--class <uid...>', 'only events of these OCSF classes', (text: string, before: number[] | undefined) => [
      ...(before ?? []),
      classUid(text),
    ])
    .option('--query <query>', 'mark the events that fit a search')
    .option('--bodies <which>', 'with --query: all, or matches alone', oneOf('all', 'matches'))
    .option('--name-all', 'name the other sources of the range too, so that nobody has to take your word')
    .option('--witnessed', 'only up to what enough witnesses have cosigned')
    .action((options: Options) => exportEvidence(options, needs));
}

function positionRange(text: string): Positions {
  const [first = '', last = first.split('/')[1] ?? ''] = text.split('-');
  const position = parsePosition(first);
  if (position === undefined || !/^\d{1,15}$/.test(last) || Number(last) < position.index)
    throw new InvalidArgumentError('must be LOG/FIRST-LAST, such as 1/4700-4799');
  return { log: position.log, first: position.index, past: Number(last) + 1 };
}

async function exportEvidence(options: Options, needs: CliNeeds): Promise<void> {
  const { out, positions } = options;
  if (positions !== undefined && (options.from !== undefined || options.to !== undefined || options.log !== undefined))
    throw new CliError('usage', 'Cannot export: --positions says log and range, without --from, --to and --log');
  const iso = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : new Date(ms).toISOString();
  const collectors = [...(options.source ?? []).map((name) => `intake/${name}`), ...(options.collector ?? [])];
  const client = openClient(options, needs);
  try {
    const chunks = await client.open({
      path: '/v1/ledger/evidence',
      query: {
        log: positions?.log ?? options.log,
        first: positions?.first,
        past: positions?.past,
        from: iso(options.from),
        to: iso(options.to),
        collectors: collectors.length === 0 ? undefined : collectors.join('\n'),
        classes: options.class?.join(','),
        q: options.query,
        bodies: options.bodies,
        names: options.nameAll === true ? 'all' : undefined,
        witnessed: options.witnessed === true ? 'true' : undefined,
      },
      headers: { accept: 'text/plain' },
      signal: needs.signal,
    });
    const saved = await save(chunks, out, needs);
    needs.stdout.write(
      `Saved ${counted(saved.shown, 'event')} of ${counted(saved.entries, 'entry', 'entries')} in ${plainText(out)}\n`,
    );
    const next = asTyped('sallyport proof verify ', needs.configuration.command);
    needs.stderr.write(`next: ${next}${plainText(out)} --key <verifier key of the log>\n`);
  } finally {
    client.close();
  }
}

/** Checked while it is written: what does not verify is not kept, nor is half of a file. */
async function save(
  chunks: AsyncIterable<Buffer>,
  out: string,
  needs: CliNeeds,
): Promise<{ readonly shown: number; readonly entries: number }> {
  const file = await open(out, 'wx', 0o600).catch((error: unknown) => {
    const exists = codeOf(error) === 'EEXIST';
    throw new CliError('output_unwritable', `Cannot write "${out}": ${whyNot(error)}`, {
      cause: error,
      hint: exists
        ? 'name a file that does not exist yet'
        : 'name a file in a directory that exists and can be written',
    });
  });
  let isWhole = false;
  try {
    const reading = createRangeReading(needs, {});
    for await (const chunk of chunks) {
      await file.write(chunk).catch((error: unknown) => {
        throw new CliError('output_unwritable', `Cannot write "${out}": ${whyNot(error)}`, { cause: error });
      });
      reading.add(chunk);
    }
    const result = reading.end();
    if (!result.ok)
      throw new CliError('server_answer', `Cannot take what the server sent for evidence: ${result.reason}`, {
        hint: `it must be "${rangeFormat}", whole; try again, or check that the address is that of a Sallyport server`,
      });
    isWhole = true;
    return result.counts;
  } finally {
    await file.close();
    if (!isWhole) await rm(out, { force: true });
  }
}
