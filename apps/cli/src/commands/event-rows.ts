import { eventKind, eventLine, isJsonObject, type JsonValue } from '@sallyport/contracts';
import { field, numberField, textField } from '../json-reading.ts';
import { cell, column, shortText, styled, timeText, type TextOutput } from '../terminal.ts';

const wideColumns = 120;
const longestText = 200;

/**
 * An event in one line: when it was received, where it stands in the ledger, its kind, where, who and what, in the words
 * the console uses. On a terminal it is cut to the width, and a narrow one gets neither date nor user; elsewhere it is
 * whole, so that it can be filtered.
 */
export function eventRow(found: JsonValue, output: TextOutput, nowMs: number): string {
  const event = field(found, 'event');
  const received = timeText(field(found, 'received'));
  const position = textField(found, 'position') ?? '';
  const { host, user, text } = eventLine(isJsonObject(event) ? event : {});
  const kind = eventKind(numberField(event, 'class_uid') ?? 0) || '-';
  const told = event === null ? '(erased)' : text === '' ? cell(event) : text;
  if (output.isTerminal && output.columns < wideColumns) {
    const time = clockTime(received, nowMs);
    const left = [
      time,
      styled(output, 'dim', column(position, 9)),
      column(kind, 8),
      column(host.split('.', 1)[0] ?? '', 15),
    ];
    return `${left.join(' ')} ${shortText(told.slice(0, 2000), Math.max(20, output.columns - 46))}\n`;
  }
  const left = [
    column(received, 20),
    styled(output, 'dim', column(position, 10)),
    column(kind, 8),
    column(host === '' ? '-' : host, 24),
    column(user === '' ? '-' : user, 14),
  ];
  const room = output.isTerminal ? Math.max(20, output.columns - 87) : longestText;
  return `${left.join('  ')}  ${shortText(told.slice(0, 2000), room)}\n`;
}

/** `12:00:03Z` of today, else `03-01 12Z`. */
function clockTime(time: string, nowMs: number): string {
  const today = new Date(nowMs).toISOString().slice(0, 10);
  const [date = '', clock = ''] = time.split(' ');
  return column(date === today ? clock : `${date.slice(5)} ${clock.slice(0, 2)}Z`, 9);
}
