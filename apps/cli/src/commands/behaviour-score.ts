import { createSeriesAnomaly, seriesWarmUp } from '@sallyport/behaviour-models';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { openRegularFile } from '../regular-file.ts';
import { readSeries } from '../read-series.ts';
import { whyNot } from '../system-errors.ts';
import { counted, plainText } from '../terminal.ts';

/** So many bad lines are named; the rest are counted. */
const maxNamed = 10;
const rowsPerTurn = 500;

/**
 * Reads `timestamp,value`, writes `timestamp,value,anomaly_score` (0 to 1), in order and in one pass: a row's score depends on rows up to
 * it alone. A line that is no row is named and left out; the command then fails, after all others were scored.
 */
export async function scoreSeries(path: string, needs: CliNeeds): Promise<void> {
  const { stdout, stderr, signal } = needs;
  const model = createSeriesAnomaly();
  const handle = await openRegularFile(path).catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${path}": ${whyNot(error)}`);
  });
  let rows = 0;
  let bad = 0;
  let lines: string[] = [];
  const flush = async (): Promise<void> => {
    stdout.write(lines.join(''));
    lines = [];
    signal.throwIfAborted();
    await stdout.drained();
  };
  try {
    const chunks: AsyncIterable<Buffer> = handle.createReadStream({ autoClose: false });
    for await (const line of readSeries(path, chunks)) {
      if (rows === 0 && bad === 0) lines.push('timestamp,value,anomaly_score\n');
      if (line.kind === 'bad') {
        bad += 1;
        if (bad <= maxNamed) stderr.write(`bad_row ${plainText(path)}:${line.line}: ${plainText(line.reason)}\n`);
      } else {
        rows += 1;
        const { score } = model.observe(line.number, line.timeMs);
        lines.push(`${plainText(line.timestamp)},${line.value},${Number(score.toFixed(6))}\n`);
      }
      if (lines.length >= rowsPerTurn) await flush();
    }
    await flush();
  } finally {
    await handle.close();
  }
  if (rows < seriesWarmUp)
    stderr.write(`Only ${counted(rows, 'row')}: the first ${seriesWarmUp} are for learning and score 0\n`);
  if (bad > 0)
    throw new CliError('incomplete', `Scored ${counted(rows, 'row')}, left out ${counted(bad, 'line')} that are none`, {
      hint: 'each line is a time and a number: 2026-03-01 12:00:00,4.5',
    });
}
