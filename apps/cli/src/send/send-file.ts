import { stat } from 'node:fs/promises';
import { CliError } from '../errors.ts';
import { addressOf, type ApiClient } from '../http-client.ts';
import type { CliNeeds } from '../needs.ts';
import { onOneLine } from '../read-events/record-boundaries.ts';
import { readRecords } from '../read-events/read-records.ts';
import type { SplitRecord } from '../read-events/record-splitter.ts';
import { ndjson, type Guess, type TextFormat, type Wire } from '../read-events/text-format.ts';
import { defaultSource, identifyContent, type ContentIdentity } from './content-identity.ts';
import type { Retrier } from './retry.ts';
import { createSendState, type Landmark, type SendState } from './send-state.ts';
import { uploadBatch, type BatchResult } from './upload-batch.ts';

const maxBatchBytes = 2 * 1024 * 1024;
/** While one batch is being committed the next is read and compressed. They go out one by one: the ledger keeps the order of the file. */
const batchesInFlight = 2;

export type SendTotals = { sent: number; alreadyKnown: number; keptRaw: number; leftOut: number; resumedAt: number };

export type SendJob = {
  readonly path: string;
  readonly source: string | undefined;
  readonly batchLines: number;
  /** What it holds, when it is not JSON; guessed unless given. */
  readonly format?: TextFormat | undefined;
  /** Of times that name none. */
  readonly zone?: string | undefined;
  readonly client: ApiClient;
  readonly retrier: Retrier;
  readonly needs: Pick<CliNeeds, 'configuration' | 'signal'>;
  readonly note: (message: string) => void;
  readonly onProgress: (share: number, totals: Readonly<SendTotals>) => void;
};

/**
 * Sends every event of a file under the sequence numbers 0, 1, 2… of its place in the file. The source is the
 * content's own name, or the caller's; (source, sequence) never means two different events, so whatever is sent
 * twice is stored once. An interrupted send goes on behind what was acknowledged, after checking that the server
 * still holds it.
 */
export async function sendFile(job: SendJob): Promise<{ source: string; totals: SendTotals }> {
  const before = await stat(job.path).catch(() => undefined);
  const prepared = await prepare(job);
  const { source, content, state } = prepared;
  let totals = await sendFrom(job, prepared);
  if (totals === 'another ledger') {
    job.note('the server does not hold what this machine noted as sent: starting over');
    totals = await sendFrom(job, { source, content, state, from: undefined });
  }
  if (totals === 'another ledger') throw new TypeError('A send from the beginning has nothing to recognise');
  const after = await stat(job.path).catch(() => undefined);
  if (job.source === undefined && (before?.size !== after?.size || before?.mtimeMs !== after?.mtimeMs)) {
    throw new CliError('incomplete', `Cannot vouch for "${job.path}": it changed while it was being sent`, {
      hint: 'for a file that is still written to, use --source NAME: what was sent before is then recognised when it is sent again',
    });
  }
  // Content is recognised by its own name; only a name the caller chose must be kept to this content.
  if (job.source === undefined) await state.clear();
  else await state.save({ content });
  return { source, totals };
}

type Prepared = { source: string; content: ContentIdentity; state: SendState; from: Landmark | undefined };

async function prepare(job: SendJob): Promise<Prepared> {
  const { signal, configuration } = job.needs;
  const stateOf = (source: string): SendState =>
    createSendState(configuration.stateDirectory, addressOf(job.client.destination), source);
  if (job.source === undefined) {
    const { content } = await identifyContent(job.path, undefined, signal);
    const source = defaultSource(content);
    const state = stateOf(source);
    const known = await state.load();
    return {
      source,
      content,
      state,
      from: known?.content.sha256 === content.sha256 ? known.lastAcknowledged : undefined,
    };
  }
  const state = stateOf(job.source);
  const known = await state.load();
  const { content, prefixSha256 } = await identifyContent(job.path, known?.content.sizeBytes, signal);
  if (known !== undefined && known.content.sha256 !== prefixSha256) {
    throw new CliError(
      'source_taken',
      `Cannot send "${job.path}" as source "${job.source}": another content was sent under that name`,
      {
        hint: 'its events would be taken for the old ones and dropped; use another --source, or none',
      },
    );
  }
  return { source: job.source, content, state, from: known?.lastAcknowledged };
}

async function sendFrom(
  job: SendJob,
  { source, content, state, from }: Prepared,
): Promise<SendTotals | 'another ledger'> {
  const abort = new AbortController();
  const signal = AbortSignal.any([job.needs.signal, abort.signal]);
  const target = { client: job.client, source, retrier: job.retrier, signal, zone: job.zone };
  // The last acknowledged record goes once more: its position tells whether this is still the same ledger.
  const startAt = from?.sequence ?? 0;
  const totals: SendTotals = { sent: 0, alreadyKnown: 0, keptRaw: 0, leftOut: 0, resumedAt: startAt };
  const inFlight: Promise<BatchResult>[] = [];
  let lines: Buffer[] = [];
  let lineBytes = 0;
  let wire: Wire = ndjson;
  let sequence = startAt;
  let probing = from;
  let share = 0;

  const settleOne = async (): Promise<void> => {
    const result = await inFlight.shift();
    if (result === undefined) return;
    if (result.last !== undefined) await state.save({ content, lastAcknowledged: result.last });
    totals.sent += result.acknowledged - result.alreadyKnown;
    totals.alreadyKnown += result.alreadyKnown;
    totals.keptRaw += result.keptRaw;
    totals.leftOut += result.tooLarge.length;
    for (const index of result.tooLarge) job.note(`event ${index} is too large for the server and was left out`);
    job.onProgress(share, totals);
  };
  /** False when the server turns out not to hold what an earlier send left there. */
  const flush = async (): Promise<boolean> => {
    if (lines.length === 0) return true;
    const batch = { sequence, lines, wire };
    sequence += lines.length;
    lines = [];
    lineBytes = 0;
    if (probing !== undefined) {
      const expected = probing;
      probing = undefined;
      const probe = await uploadBatch({ ...batch, lines: batch.lines.slice(0, 1) }, target);
      if (probe.last?.log !== expected.log || probe.last.index !== expected.index) return false;
    }
    const upload = uploadBatch(batch, target, inFlight.at(-1));
    // Whoever awaits it below sees the failure; until then it must not count as unhandled.
    upload.catch(() => undefined);
    inFlight.push(upload);
    if (inFlight.length >= batchesInFlight) await settleOne();
    return true;
  };

  try {
    const options = {
      signal: job.needs.signal,
      format: job.format ?? ('guess' as const),
      onGuess: (guess: Guess, name: string) => tellGuess(job, guess, name),
      onProgress: (now: number) => (share = now),
      onUnreadable: (error: CliError) => {
        totals.leftOut += 1;
        job.note(error.message);
      },
    };
    for await (const records of readRecords(job.path, options)) {
      for (const record of records) {
        if (record.index < startAt) continue;
        if (job.source !== undefined && (record.kind === 'broken' || record.kind === 'text') && record.atEnd) {
          job.note(`event ${record.index} is not written to its end yet and was left for the next time`);
          continue;
        }
        const line = lineOf(record);
        const isOther = record.kind !== 'oversize' && wireOfRecord(record) !== wire;
        const full = isOther || lines.length >= job.batchLines || lineBytes + (line?.length ?? 0) > maxBatchBytes;
        if ((full || line === undefined) && !(await flush())) return 'another ledger';
        if (line === undefined) {
          sequence = record.index + 1;
          totals.leftOut += 1;
          job.note(`event ${record.index} is too large and was left out`);
          continue;
        }
        wire = wireOfRecord(record);
        lines.push(line);
        lineBytes += line.length;
      }
      job.onProgress(share, totals);
    }
    if (!(await flush())) return 'another ledger';
    // What was acknowledged is not in the file: whatever the note of it says, it is not about this content.
    if (probing !== undefined) return 'another ledger';
    while (inFlight.length > 0) await settleOne();
    return totals;
  } finally {
    // After a failure nothing more of this file may go out unwatched.
    abort.abort();
  }
}

/** As it goes out; undefined for what is too large. */
export function lineOf(record: SplitRecord): Buffer | undefined {
  if (record.kind === 'oversize') return undefined;
  return record.kind === 'text' ? record.bytes : onOneLine(record.bytes, record.kind);
}

export function wireOfRecord(record: SplitRecord): Wire {
  return record.kind === 'text' ? record.wire : ndjson;
}

/** JSON goes without saying. */
function tellGuess(job: Pick<SendJob, 'path' | 'note'>, { format, because }: Guess, name: string): void {
  if (format === 'json') return;
  const where = name === job.path ? '' : ` (${name})`;
  job.note(`taken as ${because}${where}; --format says otherwise`);
}
