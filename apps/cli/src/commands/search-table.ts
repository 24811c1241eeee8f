import type { JsonValue } from '@sallyport/contracts';
import { field, isJsonList, listField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { grouped, plainText, timeText } from '../terminal.ts';

const barWidth = 24;
const maxCellWidth = 60;

/** Whether the query asks for a table; in quotes a stroke is text. */
export function asksForTable(query: string): boolean {
  return /(?:^|\s)\|(?:\s|$)/.test(query.replaceAll(/"(?:\\.|[^"\\])*"/g, '""'));
}

/** Rows in columns, with a bar for how many. */
export function writeTable(answer: JsonValue, { stdout }: CliNeeds): void {
  const columns = listField(answer, 'columns').map((column) => ({
    name: textField(column, 'name') ?? '',
    kind: textField(column, 'kind') ?? 'text',
  }));
  const cells = listField(answer, 'rows').map((row) => {
    const values: readonly JsonValue[] = isJsonList(row) ? row : [];
    return columns.map(({ kind }, at) => shown(values[at] ?? '', kind));
  });
  const widths = columns.map(({ name }, at) =>
    Math.min(
      maxCellWidth,
      cells.reduce((most, row) => Math.max(most, (row[at] ?? '').length), name.length),
    ),
  );
  const counts = columns.findIndex(({ name }) => name === 'count');
  const numbers = listField(answer, 'rows')
    .map((row) => (isJsonList(row) ? row[counts] : undefined))
    .map((value) => (typeof value === 'number' ? value : 0));
  const most = numbers.reduce((high, value) => Math.max(high, value), 1);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => {
        const width = widths[at] ?? 0;
        const cut = cell.length > width ? `${cell.slice(0, width - 1).toWellFormed()}…` : cell;
        return columns[at]?.kind === 'number' ? cut.padStart(width) : cut.padEnd(width);
      })
      .join('  ');
  stdout.write(`${line(columns.map(({ name }) => plainText(name))).trimEnd()}\n`);
  for (const [at, row] of cells.entries()) {
    const bar = counts < 0 ? '' : `  ${'█'.repeat(Math.ceil(((numbers[at] ?? 0) / most) * barWidth))}`;
    stdout.write(`${`${line(row)}${bar}`.trimEnd()}\n`);
  }
}

function shown(value: JsonValue, kind: string): string {
  if (kind === 'time' && typeof value === 'number') return timeText(new Date(value).toISOString());
  if (typeof value === 'number') return grouped(value);
  return plainText(typeof value === 'string' && value !== '' ? value : '-');
}

export function isCut(answer: JsonValue): boolean {
  return field(answer, 'cut') === true;
}
