import type { JsonValue } from '@sallyport/contracts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { asTyped, column, jsonLine, shortText, styled, tableHead, timeText, type TextOutput } from '../terminal.ts';
import { openClient, type ConnectionOptions } from './connection.ts';

export type SourceListOptions = ConnectionOptions & { json?: true };

const maxPages = 50;
const colors = { heard: 'green', quiet: 'green', silent: 'red', waiting: 'yellow', finished: 'dim' } as const;

/** `sources`: who sends, how it is, and what of it was not understood or not let in. */
export async function listSources(options: SourceListOptions, needs: CliNeeds): Promise<void> {
  const client = openClient(options, needs);
  try {
    let after = '';
    let listed = 0;
    for (let page = 0; page < maxPages; page += 1) {
      const place = after === '' ? '' : `?after=${encodeURIComponent(after)}`;
      const answer = await client.json({ path: `/v1/sources${place}`, signal: needs.signal });
      const sources = listField(answer, 'sources');
      if (page === 0 && sources.length > 0 && options.json !== true)
        needs.stdout.write(tableHead(needs.stdout, [['state', 8], ['name', 32], ['what came']]));
      for (const source of sources) {
        listed += 1;
        needs.stdout.write(options.json === true ? `${jsonLine(source)}\n` : sourceRow(source, needs.stdout));
      }
      after = textField(answer, 'next') ?? '';
      if (after === '') break;
    }
    if (listed > 0) return;
    const hint = 'sallyport sources recipe prints how a sender is set up; sallyport send FILE sends a file';
    needs.stderr.write(`No source yet\nhint: ${asTyped(hint, needs.configuration.command)}\n`);
  } finally {
    client.close();
  }
}

function sourceRow(source: JsonValue, output: TextOutput): string {
  const state = textField(source, 'state') ?? '';
  const color = Object.entries(colors).find(([name]) => name === state)?.[1] ?? 'dim';
  const name = shortText(textField(source, 'name') ?? '', 64);
  const label = shortText(textField(source, 'label') ?? '', 60);
  const seenMs = numberField(source, 'last_seen_ms');
  const parts = [
    `${numberField(source, 'accepted') ?? 0} events`,
    `${numberField(source, 'per_second') ?? 0}/s`,
    counted(field(source, 'kept_raw'), 'kept raw'),
    counted(field(source, 'refused'), 'refused'),
    seenMs === undefined ? 'never heard' : `last ${timeText(new Date(seenMs).toISOString())}`,
  ];
  const title = label === '' || label === name ? name : `${name} (${label})`;
  return `${styled(output, color, column(shortText(state, 10), 8))}  ${column(title, 32)}  ${parts.filter((part) => part !== '').join(', ')}\n`;
}

/** `3 refused: body_corrupt 2, key_invalid 1`; empty for none. */
function counted(counts: JsonValue | undefined, what: string): string {
  if (typeof counts !== 'object' || counts === null || Array.isArray(counts)) return '';
  const entries = Object.entries(counts).flatMap(([code, count]) =>
    typeof count === 'number' ? [{ code, count }] : [],
  );
  const total = entries.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return '';
  return `${total} ${what} (${entries.map(({ code, count }) => `${shortText(code, 40)} ${count}`).join(', ')})`;
}
