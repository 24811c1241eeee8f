import { CliError } from './errors.ts';
import { createLineCutter } from './read-events/line-cutter.ts';
import type { CutLine } from './read-events/line-cutter.ts';

/** One row of a series, as it stands and as it is meant; or why a line is none. Lines count from 1, the header. */
export type SeriesLine =
  | {
      readonly kind: 'row';
      readonly timestamp: string;
      readonly value: string;
      readonly timeMs: number;
      readonly number: number;
    }
  | { readonly kind: 'bad'; readonly line: number; readonly reason: string };

const longestLine = 1024;
const time = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?))?\s*(Z|[+-]\d{2}:?\d{2})?$/;
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/**
 * The rows of `timestamp,value` as they come, one pass. Times without a zone are UTC; seconds or milliseconds since 1970 do too.
 * Throws `input_unreadable` when the first line does not name the columns.
 */
export async function* readSeries(name: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<SeriesLine> {
  const cutter = createLineCutter(longestLine);
  let line = 0;
  const read = function* read(cut: readonly CutLine[]): Generator<SeriesLine> {
    for (const one of cut) {
      line += 1;
      if (line > 1) yield rowOf(one, line);
      else if (one.kind === 'oversize' || columnsOf(one.bytes).join() !== 'timestamp,value')
        throw new CliError('input_unreadable', `Cannot read "${name}" line 1: it must be "timestamp,value"`);
    }
  };
  for await (const chunk of chunks) yield* read(cutter.push(chunk));
  yield* read(cutter.end());
  if (line === 0) throw new CliError('input_unreadable', `Cannot read "${name}" line 1: it must be "timestamp,value"`);
}

function rowOf(cut: CutLine, line: number): SeriesLine {
  if (cut.kind === 'oversize')
    return { kind: 'bad', line, reason: `it has ${cut.sizeBytes} bytes, must be at most ${longestLine}` };
  const [timestamp = '', value = '', ...others] = columnsOf(cut.bytes);
  const timeMs = timeOf(timestamp);
  if (others.length > 0 || value === '') return { kind: 'bad', line, reason: 'it must have two columns' };
  if (timeMs === undefined) return { kind: 'bad', line, reason: `"${timestamp.slice(0, 40)}" is no time` };
  if (!decimal.test(value)) return { kind: 'bad', line, reason: `"${value.slice(0, 40)}" is no number` };
  const number = Number(value);
  if (!Number.isFinite(number)) return { kind: 'bad', line, reason: `${value} is too large` };
  return { kind: 'row', timestamp, value, timeMs, number };
}

function columnsOf(bytes: Buffer): string[] {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  return text.split(',').map((column) => column.trim().replace(/^"([^"]*)"$/, '$1'));
}

function timeOf(text: string): number | undefined {
  if (/^\d{1,16}(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    // Seconds reach this in the year 5138, milliseconds passed it in 1973.
    return number < 1e11 ? number * 1000 : number;
  }
  const [, day, clock = '00:00', zone = 'Z'] = time.exec(text) ?? [];
  // A 31st of February would be read as a day in March.
  const dayMs = day === undefined ? NaN : Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(dayMs) || new Date(dayMs).toISOString().slice(0, 10) !== day) return undefined;
  const timeMs = Date.parse(`${day}T${clock.replace(',', '.')}${zone}`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
