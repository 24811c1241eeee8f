import type { JsonValue } from '@sallyport/contracts';
import { textsOf } from '@sallyport/contracts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import { counted, grouped, plainText, shortText, timeText } from '../terminal.ts';

/** What a trial came to. */
export function trialText(trial: JsonValue): string {
  const number = (name: string): number => numberField(trial, name) ?? 0;
  const [hidden, looked] = [number('hidden'), number('looked_at')];
  const lines = [
    `would have hidden ${grouped(hidden)} of ${counted(looked, 'finding')} of ${counted(number('days'), 'day')}, in ${counted(number('hidden_alerts'), 'alert')}`,
  ];
  for (const one of listField(trial, 'would_hide').slice(0, 20)) {
    const about = [textField(one, 'host'), textField(one, 'user')].filter((name) => name !== undefined).join(' ');
    lines.push(
      `  ${timeText(field(one, 'at'))}  ${(textField(one, 'level') ?? '').padEnd(13)}  ${shortText(textField(one, 'title') ?? '', 44)}  event ${textField(one, 'event') ?? ''}  ${about}`.trimEnd(),
    );
  }
  if (hidden > 20) lines.push(`  and ${grouped(hidden - 20)} more`);
  if (number('gone') > 0) lines.push(`${counted(number('gone'), 'finding')} could not be looked at: the event is gone`);
  if (number('hidden_before') > 0)
    lines.push(
      `exceptions hid ${counted(number('hidden_before'), 'further match', 'further matches')}: it was not tried on them`,
    );
  if (number('changed') > 0) lines.push(`${counted(number('changed'), 'finding')} would not be found any more`);
  for (const warning of listField(trial, 'warnings'))
    lines.push(`warning: ${textField(warning, 'text') ?? ''} (${textField(warning, 'code') ?? ''})`);
  return `${lines.map(plainText).join('\n')}\n`;
}

/** One line of the list. */
export function rowOf(exception: JsonValue): string {
  const current = field(exception, 'current') ?? null;
  const expires = field(current, 'expires');
  const hints = textsOf(field(exception, 'hints'));
  const parts = [
    textField(exception, 'id') ?? '',
    (textField(exception, 'state') ?? '').padEnd(9),
    `${grouped(numberField(exception, 'hidden') ?? 0)} hidden`,
    textField(exception, 'state') === 'active'
      ? expires === undefined
        ? 'never ends'
        : `until ${timeText(expires)}`
      : '',
    textField(current, 'name') ?? 'damaged',
    hints.length === 0 ? '' : `(${hints.join(', ')})`,
  ];
  return plainText(parts.filter((part) => part !== '').join('  '));
}
