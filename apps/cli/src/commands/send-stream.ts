import { CliError } from '../errors.ts';
import { addressOf, type ApiClient } from '../http-client.ts';
import type { CliNeeds } from '../needs.ts';
import type { TextFormat } from '../read-events/text-format.ts';
import { followFile } from '../send/follow-file.ts';
import { createRetrier } from '../send/retry.ts';
import { sendInput } from '../send/send-input.ts';
import { counted, grouped, jsonLine } from '../terminal.ts';

type StreamOptions = {
  readonly source?: string;
  readonly batch: number;
  readonly format?: TextFormat;
  readonly zone?: string;
  readonly follow?: true;
  readonly json?: true;
};

const pollMs = 500;
/** Formats of which every line is an event. */
const lineFormats: readonly TextFormat[] = ['json', 'lines', 'syslog', 'cef', 'leef', 'web_access', 'text'];

/** `send -` and `send --follow`: what has no end yet, or is not there to be read twice. */
export async function sendStream(
  files: readonly string[],
  given: {
    readonly options: StreamOptions;
    readonly needs: CliNeeds;
    readonly client: ApiClient;
    readonly note: (message: string) => void;
  },
): Promise<void> {
  const { options, needs, client, note } = given;
  const [path = '-'] = files;
  if (files.length > 1) {
    throw new CliError('usage', `Cannot send ${files.length} files so: must be one file, or - alone`);
  }
  const retrier = createRetrier(
    needs,
    (error, delayMs) => note(`${error.message}; trying again in ${(delayMs / 1000).toFixed(1)} s`),
    options.follow === true,
  );
  const target = { client, retrier, signal: needs.signal, zone: options.zone };
  if (options.follow !== true) {
    const source = options.source ?? 'stdin';
    const totals = await sendInput({
      input: needs.standardInputChunks(),
      target: { ...target, source },
      batchLines: options.batch,
      format: options.format,
      nowMs: needs.clock.nowMs(),
      note,
    });
    const { sent, alreadyKnown, keptRaw, leftOut } = totals;
    if (options.json === true)
      needs.stdout.write(
        `${jsonLine({ sent, already_known: alreadyKnown, kept_raw: keptRaw, left_out: leftOut, sources: [{ file: '-', source }] })}\n`,
      );
    else
      needs.stdout.write(
        `sent ${counted(sent, 'event')}${keptRaw > 0 ? `, ${grouped(keptRaw)} kept raw` : ''} from standard input as ${source}\n`,
      );
    if (leftOut > 0)
      throw new CliError('incomplete', `Cannot call this complete: ${counted(leftOut, 'part')} left out`);
    return;
  }
  if (path === '-' || options.source === undefined) {
    throw new CliError('usage', 'Cannot follow: must be a file, with --source NAME', {
      hint: 'the name is what the events of the file are known by, over rotations and interruptions',
    });
  }
  const format = options.format ?? 'lines';
  if (!lineFormats.includes(format)) {
    throw new CliError('usage', `Cannot follow as ${format}: must be one of ${lineFormats.join(', ')}`, {
      hint: 'the sensor follows the audit log and the journal of a host',
    });
  }
  const { source } = options;
  let sent = 0;
  await followFile({
    path,
    target: { ...target, source },
    batchLines: options.batch,
    format,
    stateDirectory: needs.configuration.stateDirectory,
    server: addressOf(client.destination),
    nowMs: needs.clock.nowMs(),
    waitForMore: () => needs.wait(pollMs, needs.signal),
    onSent: (events) => {
      if (sent === 0) note(`${path}: sending as ${source}; interrupt to stop`);
      sent += events;
    },
    note,
  });
}
