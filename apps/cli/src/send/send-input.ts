import { decodeStream } from '../read-events/decode-stream.ts';
import { splitChunks } from '../read-events/read-records.ts';
import { ndjson, type Guess, type TextFormat, type Wire } from '../read-events/text-format.ts';
import { lineOf, wireOfRecord, type SendTotals } from './send-file.ts';
import { uploadBatch, type UploadTarget } from './upload-batch.ts';

const maxBatchBytes = 2 * 1024 * 1024;
/** Numbers a millisecond has: more than can be sent in one, so that no two runs share any. */
export const sequencesPerMs = 1000;

/**
 * Sends what comes in to its end. Its events are numbered from the time on: within a run what is sent twice is stored once, but
 * sending the same input again records it again.
 */
export async function sendInput(job: {
  readonly input: AsyncIterable<Buffer>;
  readonly target: UploadTarget;
  readonly batchLines: number;
  readonly format: TextFormat | undefined;
  readonly nowMs: number;
  readonly note: (message: string) => void;
}): Promise<SendTotals> {
  const { target, note } = job;
  const totals: SendTotals = { sent: 0, alreadyKnown: 0, keptRaw: 0, leftOut: 0, resumedAt: 0 };
  let sequence = job.nowMs * sequencesPerMs;
  let wire: Wire = ndjson;
  let lines: Buffer[] = [];
  let bytes = 0;

  const flush = async (): Promise<void> => {
    if (lines.length === 0) return;
    const result = await uploadBatch({ sequence, lines, wire }, target);
    sequence += lines.length;
    lines = [];
    bytes = 0;
    totals.sent += result.acknowledged - result.alreadyKnown;
    totals.alreadyKnown += result.alreadyKnown;
    totals.keptRaw += result.keptRaw;
    totals.leftOut += result.tooLarge.length;
  };

  const onGuess = ({ format, because }: Guess): void => {
    if (format !== 'json') note(`taken as ${because}; --format says otherwise`);
  };
  const options = { signal: target.signal, format: job.format ?? ('guess' as const), onGuess };
  for await (const records of splitChunks(decodeStream(job.input, 'standard input'), options, 'standard input')) {
    for (const record of records) {
      const line = lineOf(record);
      if (line === undefined) {
        totals.leftOut += 1;
        note('an event is too large and was left out');
        continue;
      }
      const own = wireOfRecord(record);
      if (own !== wire || lines.length >= job.batchLines || bytes + line.length > maxBatchBytes) await flush();
      wire = own;
      lines.push(line);
      bytes += line.length;
    }
  }
  await flush();
  return totals;
}
