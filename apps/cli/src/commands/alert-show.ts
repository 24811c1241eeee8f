import type { JsonValue } from '@sallyport/contracts';
import { field, listField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText, shortText } from '../terminal.ts';
import { alertRow } from './alert-rows.ts';
import { openClient, type ConnectionOptions } from './connection.ts';

/** Prints one alert: its line, what the rule looks for, what to do, and the fields that made it match. */
export async function showAlert(
  alert: string,
  options: ConnectionOptions & { readonly json?: true },
  needs: CliNeeds,
): Promise<void> {
  const client = openClient(options, needs);
  try {
    const path = `/v1/alerts/${encodeURIComponent(alert.replace('/', '-'))}`;
    const found = await client.json({ path, signal: needs.signal });
    needs.stdout.write(options.json === true ? `${jsonLine(found)}\n` : alertRow(found, needs.stdout) + inFull(found));
    await needs.stdout.drained();
  } finally {
    client.close();
  }
}

function inFull(alert: JsonValue): string {
  const description = textField(field(field(alert, 'body'), 'finding_info'), 'desc');
  const response = textField(alert, 'response');
  const matched = listField(alert, 'matched');
  const related = listField(alert, 'related').length;
  return [
    ...(description === undefined ? [] : [`\n${plainText(description.trim())}\n`]),
    ...(response === undefined ? [] : [`\nWhat to do: ${plainText(response)}\n`]),
    ...(matched.length === 0 ? [] : ['\nMatched:\n']),
    ...matched.map(
      (one) => `  ${shortText(textField(one, 'field') ?? '', 80)} = ${shortText(textField(one, 'value') ?? '', 200)}\n`,
    ),
    ...(related === 0 ? [] : [`\nCounted together with ${counted(related, 'other event')}\n`]),
  ].join('');
}
