import type { JsonValue } from '@sallyport/contracts';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { listField, numberField } from '../json-reading.ts';
import type { Retrier } from './retry.ts';
import type { Wire } from '../read-events/text-format.ts';
import type { Landmark } from './send-state.ts';

const compress = promisify(gzip);
const newline = Buffer.from('\n');

/** Lines with consecutive sequence numbers, from `sequence` on. */
export type Batch = { readonly sequence: number; readonly lines: readonly Buffer[]; readonly wire: Wire };

export type BatchResult = {
  /** Now in the ledger, whether before or through this request. */
  readonly acknowledged: number;
  readonly alreadyKnown: number;
  readonly keptRaw: number;
  /** Sequence numbers of events too large for the server. */
  readonly tooLarge: readonly number[];
  /** Where the last event went. */
  readonly last: Landmark | undefined;
};

export type UploadTarget = {
  readonly client: ApiClient;
  readonly source: string;
  readonly retrier: Retrier;
  /** Of times that name none; only for texts that are not JSON. */
  readonly zone?: string | undefined;
  readonly signal: AbortSignal;
};

/** Sends one batch, once `after` is done, until it is acknowledged. A batch too large for the server is halved; an event too large alone is left out and told. */
export async function uploadBatch(batch: Batch, target: UploadTarget, after?: Promise<unknown>): Promise<BatchResult> {
  const { head, contentType, format } = batch.wire;
  const parts = [...(head === undefined ? [] : [head]), ...batch.lines.flatMap((line) => [line, newline])];
  const body = await compress(Buffer.concat(parts), { level: 1 });
  await after;
  try {
    const answer = await target.retrier.run(
      () =>
        target.client.json({
          method: 'POST',
          path: '/v1/events',
          query: { source: target.source, sequence: batch.sequence, format, zone: target.zone },
          headers: { 'content-type': contentType, 'content-encoding': 'gzip' },
          body,
          signal: target.signal,
        }),
      target.signal,
    );
    return readAnswer(answer, batch);
  } catch (error) {
    if (!(error instanceof CliError) || error.details['status'] !== 413) throw error;
    const half = Math.floor(batch.lines.length / 2);
    if (half === 0)
      return { acknowledged: 0, alreadyKnown: 0, keptRaw: 0, tooLarge: [batch.sequence], last: undefined };
    const first = await uploadBatch({ ...batch, lines: batch.lines.slice(0, half) }, target);
    const second = await uploadBatch(
      { ...batch, sequence: batch.sequence + half, lines: batch.lines.slice(half) },
      target,
    );
    return {
      acknowledged: first.acknowledged + second.acknowledged,
      alreadyKnown: first.alreadyKnown + second.alreadyKnown,
      keptRaw: first.keptRaw + second.keptRaw,
      tooLarge: [...first.tooLarge, ...second.tooLarge],
      last: second.last ?? first.last,
    };
  }
}

const isCount = (value: number | undefined): value is number => Number.isSafeInteger(value) && (value ?? -1) >= 0;
const bySequence = (one: JsonValue, other: JsonValue): number =>
  (numberField(one, 'sequence') ?? 0) - (numberField(other, 'sequence') ?? 0);

/** Takes nothing for acknowledged that the answer does not say was recorded. */
function readAnswer(answer: JsonValue, batch: Batch): BatchResult {
  let acknowledged = 0;
  let last: Landmark | undefined;
  const runs = listField(answer, 'runs').toSorted(bySequence);
  for (const run of runs) {
    const [sequence, log, index, count] = [
      numberField(run, 'sequence'),
      numberField(run, 'log'),
      numberField(run, 'index'),
      numberField(run, 'count'),
    ];
    if (!isCount(log) || !isCount(index) || !isCount(count) || count < 1) break;
    // One after another, without a gap and none twice.
    if (sequence !== batch.sequence + acknowledged) break;
    acknowledged += count;
    last = { sequence: sequence + count - 1, log, index: index + count - 1 };
  }
  if (acknowledged !== batch.lines.length) {
    throw new CliError(
      'server_answer',
      `Cannot take the answer for ${batch.lines.length} events from sequence ${batch.sequence}: it acknowledges ${acknowledged}`,
      {
        hint: 'check that the address is that of a Sallyport server, and that both are of one version',
      },
    );
  }
  return {
    acknowledged,
    alreadyKnown: numberField(answer, 'already_known') ?? 0,
    keptRaw: numberField(answer, 'kept_raw') ?? 0,
    tooLarge: [],
    last,
  };
}
