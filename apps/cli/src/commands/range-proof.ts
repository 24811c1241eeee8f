import { eventLine, isJsonObject, parseJson } from '@sallyport/contracts';
import { rangeFormat, stateRange } from '@sallyport/ledger/range-evidence';
import type { RangeEvent, VerifiedRange } from '@sallyport/ledger/range-evidence';
import type { TimeStamp } from '@sallyport/ledger/time-stamp';
import { open } from 'node:fs/promises';
import { CliError } from '../errors.ts';
import { textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { openRegularFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { grouped, jsonLine, plainText, shortText, styled } from '../terminal.ts';
import { createRangeReading } from './range-reading.ts';
import { timeStampLines, timeStampSummary } from './time-stamp-options.ts';
import type { readTimeStampOptions } from './time-stamp-options.ts';
import { withoutKey } from './verifier-key-option.ts';
import { isoOf, witnessLines } from './witness-options.ts';
import type { WitnessJudge } from './witness-options.ts';

type Options = {
  readonly verifierKey: string | undefined;
  readonly judge: WitnessJudge;
  readonly judgeTime: Awaited<ReturnType<typeof readTimeStampOptions>>;
  readonly json: boolean;
  readonly events: boolean;
};

const shownEvents = 20;

/** Whether a file begins as range evidence does. False for what cannot be read: whoever reads it next says why. */
export async function isRangeEvidence(file: string): Promise<boolean> {
  const handle = await openRegularFile(file).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const start = Buffer.alloc(rangeFormat.length + 1);
    await handle.read(start, 0, start.length, 0);
    return start.toString() === `${rangeFormat}\n`;
  } finally {
    await handle.close();
  }
}

/** `proof verify` of range evidence, whatever its size. Throws `CliError` `not_verified` and `not_proven`. */
export async function verifyRangeFile(file: string, options: Options, needs: CliNeeds): Promise<void> {
  const { stdout } = needs;
  const first: RangeEvent[] = [];
  const fitting: RangeEvent[] = [];
  const reading = createRangeReading(needs, {
    ...(options.verifierKey === undefined ? {} : { verifierKey: options.verifierKey }),
    onEvent(event) {
      if (options.events) stdout.write(`${jsonLine(rowOf(event))}\n`);
      else if (event.matches && fitting.length < shownEvents) fitting.push(event);
      else if (first.length < shownEvents) first.push(event);
    },
  });
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, { cause: error });
  });
  try {
    const chunks: AsyncIterable<Buffer> = handle.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 });
    for await (const chunk of chunks) {
      reading.add(chunk);
      await stdout.drained();
    }
  } finally {
    await handle.close();
  }
  const result = reading.end();
  const judged = result.ok ? options.judge(result, result.checkpoint) : result;
  const dated = result.ok && judged.ok ? await options.judgeTime(result) : judged;
  if (!result.ok || !judged.ok || !dated.ok || !('stamps' in dated)) {
    const reason = [result, judged, dated].flatMap((one) => (one.ok ? [] : [one.reason]))[0] ?? '';
    if (options.json) stdout.write(`${jsonLine({ ok: false, reason })}\n`);
    throw new CliError('not_verified', `Cannot verify "${file}": ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`, {
      hint: options.events
        ? 'the file proves nothing, and neither do the events printed before; export it again from the server'
        : 'the file proves nothing; export it again from the server',
    });
  }
  if (options.json)
    stdout.write(`${jsonLine({ ...summaryOf(result), time_stamps: timeStampSummary(dated.stamps) })}\n`);
  else if (!options.events) {
    const events = result.claim.query === undefined ? first : fitting;
    print(result, { events, known: judged.known, stamps: dated.stamps }, needs);
  }
  if (!result.keyGiven) throw withoutKey(file);
}

function print(
  range: VerifiedRange,
  {
    events,
    known,
    stamps,
  }: {
    readonly events: readonly RangeEvent[];
    readonly known: ReadonlySet<string>;
    readonly stamps: readonly TimeStamp[];
  },
  { stdout, clock }: CliNeeds,
): void {
  const { proven, notProven } = stateRange(range);
  const trust = range.keyGiven
    ? `${styled(stdout, 'green', '✔ verified')} with the key you gave`
    : `${styled(stdout, 'yellow', '! consistent')} with the key inside the file only`;
  const { query } = range.claim;
  const left = (query === undefined ? range.counts.shown : range.counts.matching) - events.length;
  const title = query === undefined ? 'Events:' : `Events marked as fitting “${shortText(query, 160)}”:`;
  stdout.write(
    [
      trust,
      `  ${grouped(range.counts.claimed)} events in entries ${range.from} to ${range.to - 1} of log ${shortText(range.origin, 120)}, in a tree of ${range.treeSize}`,
      ...witnessLines(range, known, stdout),
      ...timeStampLines(stamps, clock.nowMs(), stdout),
      'Proven:',
      ...proven.map((line) => `  ${plainText(line)}`),
      'Not proven:',
      ...notProven.map((line) => `  ${plainText(line)}`),
      ...(events.length === 0 && query === undefined
        ? []
        : [events.length === 0 ? `No event is marked as fitting “${shortText(query ?? '', 160)}”` : title]),
      ...events.map((event) => `  ${event.index}  ${new Date(event.receivedAtMs).toISOString()}  ${shownText(event)}`),
      ...(left > 0 ? [`  and ${grouped(left)} more: --events prints every event, each with whether it fits`] : []),
      '',
    ].join('\n'),
  );
}

function shownText(event: RangeEvent): string {
  const text = Buffer.from(event.body).toString();
  const parsed = parseJson(text);
  const line = isJsonObject(parsed) ? eventLine(parsed) : undefined;
  const said = line === undefined || line.text === '' ? (textField(parsed, 'raw_data') ?? text) : line.text;
  return [line?.host ?? '', line?.user ?? '', said]
    .filter((part) => part !== '')
    .map((part) => shortText(part, 160))
    .join('  ');
}

function rowOf({ index, receivedAtMs, classUid, source, matches, body }: RangeEvent): Record<string, unknown> {
  const text = Buffer.from(body).toString();
  return {
    index,
    received: new Date(receivedAtMs).toISOString(),
    class_uid: classUid,
    ...(source === undefined ? {} : { source }),
    matches,
    event: parseJson(text) ?? text,
  };
}

function summaryOf(range: VerifiedRange): Record<string, unknown> {
  const { counts, claim } = range;
  return {
    ok: true,
    key_given: range.keyGiven,
    origin: range.origin,
    tree_size: range.treeSize,
    first: range.from,
    past: range.to,
    sources: claim.sources.map(({ name }) => name),
    classes: claim.classes,
    query: claim.query ?? null,
    events: counts.claimed,
    with_content: counts.shown,
    matching: counts.matching,
    left_out: counts.unmatched,
    erased: counts.erased,
    withheld: counts.withheld,
    verifier_key: range.verifierKey,
    witnesses: range.witnesses.map(({ name, verifierKey, cosignedAtMs }) => ({
      name,
      verifier_key: verifierKey,
      cosigned_at: isoOf(cosignedAtMs),
    })),
    proven: stateRange(range).proven,
    not_proven: stateRange(range).notProven,
  };
}
