import { Option, type Command } from 'commander';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { textFormats, type TextFormat } from '../read-events/text-format.ts';
import { sendStream } from './send-stream.ts';
import { createRetrier } from '../send/retry.ts';
import { sendFile, type SendTotals } from '../send/send-file.ts';
import { asTyped, counted, grouped, jsonLine, plainText } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber, zoneOffset } from './option-values.ts';

type Options = ConnectionOptions & {
  source?: string;
  batch: number;
  format?: TextFormat;
  zone?: string;
  follow?: true;
  json?: true;
};

export function addSendCommand(program: Command, needs: CliNeeds): void {
  withConnection(program.command('send'))
    .description(
      'send the events of files: JSON, log files of any kind, CloudTrail documents, Windows event logs, journal exports, Zeek logs, zip or gzip of them',
    )
    .argument('<file...>', 'files, sent one after another; - is standard input')
    .option('--source <name>', 'name the source, for a file that grows (default: named by the content)')
    .option('--batch <lines>', 'events in one request', wholeNumber(1, 1000), 1000)
    .addOption(new Option('--format <name>', 'what the files hold (default: guessed, and said)').choices(textFormats))
    .option('--zone <offset>', 'zone of times that name none, as +05:30 (default: UTC)', zoneOffset)
    .option('--follow', 'go on with what is written to the file, over rotations, until interrupted')
    .option('--json', 'print the summary as one line of JSON')
    .action((files: string[], options: Options) => send(files, options, needs));
}

async function send(files: readonly string[], options: Options, needs: CliNeeds): Promise<void> {
  if (options.source !== undefined && files.length > 1) {
    throw new CliError(
      'usage',
      `Cannot send ${files.length} files as one source "${options.source}": must be one file`,
      {
        hint: 'an event is known by its source and its place in the file; leave --source away and each file is its own source',
      },
    );
  }
  const { stderr, clock } = needs;
  const progress = createProgress(stderr, clock);
  const note = (message: string): void => {
    progress.clear();
    stderr.write(`${plainText(message)}\n`);
  };
  const tell = ({ message, hint }: CliError): void => {
    note(message);
    for (const line of hint?.split('\n') ?? []) note(`hint: ${line}`);
  };
  const retrier = createRetrier(needs, (error, delayMs) =>
    note(`${error.message}; trying again in ${(delayMs / 1000).toFixed(1)} s`),
  );
  const client = openClient(options, needs);
  if (options.follow === true || files.includes('-')) {
    try {
      return await sendStream(files, { options, needs, client, note });
    } finally {
      client.close();
    }
  }
  const startedAtMs = clock.monotonicMs();
  const all = { files: 0, sent: 0, already_known: 0, kept_raw: 0, left_out: 0 };
  const sources: { file: string; source: string }[] = [];
  let failure: CliError | undefined;
  try {
    for (const path of files) {
      const fileStartedAtMs = clock.monotonicMs();
      const onProgress = (share: number, totals: Readonly<SendTotals>): void => {
        const events = totals.sent + totals.alreadyKnown;
        const seconds = (clock.monotonicMs() - fileStartedAtMs) / 1000;
        progress.show(share, `${path}  ${grouped(events)} events, ${grouped(events / Math.max(seconds, 0.001))}/s`);
      };
      try {
        const { source, totals } = await sendFile({
          path,
          source: options.source,
          batchLines: options.batch,
          format: options.format,
          zone: options.zone,
          client,
          retrier,
          needs,
          note: (text) => note(`${path}: ${text}`),
          onProgress,
        });
        progress.clear();
        all.files += 1;
        all.sent += totals.sent;
        all.already_known += totals.alreadyKnown;
        all.kept_raw += totals.keptRaw;
        all.left_out += totals.leftOut;
        sources.push({ file: path, source });
        const resumed = totals.resumedAt > 0 ? `, went on at event ${grouped(totals.resumedAt)}` : '';
        stderr.write(
          `${plainText(path)}: ${describe(totals.sent, totals.alreadyKnown, totals.keptRaw)} as ${plainText(source)}${resumed}\n`,
        );
      } catch (error) {
        progress.clear();
        // Other files may still be sound; a server that is gone or refuses will do so again.
        if (!(error instanceof CliError) || !['input_unreadable', 'source_taken', 'incomplete'].includes(error.code))
          throw error;
        failure ??= error;
        if (files.length > 1) tell(error);
      }
    }
  } finally {
    progress.clear();
    client.close();
  }
  const seconds = (clock.monotonicMs() - startedAtMs) / 1000;
  const perSecond = Math.round((all.sent + all.already_known) / Math.max(seconds, 0.001));
  if (options.json === true)
    needs.stdout.write(`${jsonLine({ ...all, seconds, events_per_second: perSecond, sources })}\n`);
  // Where no file could be sent the errors say all there is to say.
  else if (all.files > 0) {
    needs.stdout.write(
      `${describe(all.sent, all.already_known, all.kept_raw)} from ${all.files} of ${counted(files.length, 'file')} in ${seconds.toFixed(1)} s, ${grouped(perSecond)} events/s\n`,
    );
    if (all.sent + all.already_known > 0)
      needs.stderr.write(`next: ${asTyped('sallyport alerts ', needs.configuration.command).trimEnd()}\n`);
  }
  if (failure !== undefined && files.length === 1) throw failure;
  if (all.files < files.length || all.left_out > 0) {
    throw new CliError(
      'incomplete',
      `Cannot call this complete: ${counted(files.length - all.files, 'file')} failed, ${counted(all.left_out, 'part')} of the others left out`,
      {
        hint: 'see the lines above; sending again is harmless, events the server has are recognised',
      },
    );
  }
}

function describe(sent: number, known: number, keptRaw: number): string {
  const parts = [`sent ${counted(sent, 'event')}`];
  if (known > 0) parts.push(`${grouped(known)} already known`);
  if (keptRaw > 0) parts.push(`${grouped(keptRaw)} kept raw`);
  return parts.join(', ');
}
