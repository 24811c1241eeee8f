import type { JsonValue } from '@sallyport/contracts';
import { numberField, textField } from '../json-reading.ts';
import { column, columnsOf, levelLabel, shortText, styled, timeText, type TextOutput } from '../terminal.ts';

/** From here on a terminal has room for everything in one line. */
const wideColumns = 140;
const indent = ' '.repeat(22);

/**
 * An alert for people: when last, of several findings also when first, how bad, what, where and who, and the positions that search and proof take. One line;
 * on a terminal with less room two, so that nothing is wrapped in the middle. Elsewhere one line, uncut, to be filtered.
 */
export function alertRow(alert: JsonValue, output: TextOutput): string {
  const text = (name: string): string => textField(alert, name) ?? '';
  const time = column(timeText(text('last_seen_at') || text('created_at')), 20);
  const count = numberField(alert, 'count') ?? 1;
  const times = count > 1 ? ` ×${count}` : '';
  const state = text('state') === 'new' || text('state') === '' ? '' : ` [${shortText(text('state'), 20)}]`;
  const where = [
    text('host') === '' ? '' : `on ${shortText(text('host'), 60)}`,
    text('user') === '' ? '' : `by ${shortText(text('user'), 60)}`,
    text('source_address') === '' ? '' : `from ${shortText(text('source_address'), 45)}`,
  ].filter((part) => part !== '');
  const first = count > 1 && text('first_seen_at') !== '' ? `  first ${timeText(text('first_seen_at'))}` : '';
  const positions = `finding ${shortText(text('finding'), 24)}  event ${shortText(text('input'), 24)}${first}`;
  const head = `${time}  ${levelLabel(output, text('level'))} `;
  if (!output.isTerminal || output.columns >= wideColumns) {
    const title = `${shortText(text('title'), 120)}${times}${state}`;
    return `${[`${head}${title}`, ...(where.length === 0 ? [] : [where.join(' ')]), styled(output, 'dim', positions)].join('  ')}\n`;
  }
  const room = Math.max(20, output.columns - 38 - columnsOf(times) - columnsOf(state));
  const below = `${where.length === 0 ? '' : `${where.join(' ')}  `}${positions}`;
  const second = shortText(below, Math.max(40, output.columns - indent.length));
  return `${head}${shortText(text('title'), room)}${times}${state}\n${indent}${styled(output, 'dim', second)}\n`;
}
