import { findingLevels, levelMarks, type JsonValue } from '@sallyport/contracts';

/** A stream a person or another program reads. */
export type TextOutput = {
  write(text: string): void;
  /** Resolves when what was written has been taken; bounds memory behind a slow reader. */
  drained(): Promise<void>;
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly color: boolean;
};

/**
 * Sequences as ECMA-48 builds them. A string (title, clipboard, link) that is never ended loses its introducer alone: what
 * follows may be our own words, and nobody shall be able to make those disappear.
 */
const escapeSequences =
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_](?:[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c))?|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]|[\x90\x98\x9d-\x9f](?:[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c))?/g;
/** C0 and C1 controls, DEL, line separators, and what reorders text, hides in it or takes up room without being seen. */
const dangerousCharacters =
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}]/gu;
/** More marks than any script stacks on one letter run into the lines above and below. */
const stackedMarks = /(\p{M}{4})\p{M}+/gu;

/**
 * Text from an event, a file name or a server, made safe to print on one line: escape sequences are removed,
 * other control, bidirectional and invisible characters become spaces. Whoever wrote the text cannot move the
 * cursor, change colours or the clipboard, forge a line, or make text read in another order.
 */
export function plainText(untrusted: string): string {
  return untrusted.replaceAll(escapeSequences, '').replaceAll(dangerousCharacters, ' ').replaceAll(stackedMarks, '$1');
}

/** Letters of East Asia and pictures take two columns, marks that stand on another letter none. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const mark = /\p{M}/u;

/** How many columns of a terminal text takes that `plainText` gave. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += wide.test(character) ? 2 : mark.test(character) ? 0 : 1;
  return columns;
}

/** `plainText`, cut to a number of columns; a cut shows as `…`. */
export function shortText(untrusted: string, maxColumns: number): string {
  // No character takes more than eight UTF-16 units a column that are worth looking at.
  const text = plainText(untrusted.slice(0, maxColumns * 64));
  if (columnsOf(text) <= maxColumns) return text;
  let kept = '';
  let columns = 0;
  for (const character of text) {
    columns += columnsOf(character);
    if (columns > maxColumns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** `shortText`, filled up with spaces to the width. */
export function column(untrusted: string, width: number): string {
  const text = shortText(untrusted, width);
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)));
}

/** One line of JSON. What could act on a terminal is written as `\u` escapes, which read back as the same value. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.replaceAll(dangerousCharacters, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

const styles = { bold: '1', dim: '2', red: '31', yellow: '33', green: '32', cyan: '36', magenta: '35' } as const;

/** Colour where the output is a terminal that wants it; the text alone elsewhere. Never the only carrier of a meaning. */
export function styled(output: TextOutput, style: keyof typeof styles, text: string): string {
  return output.color ? `\x1b[${styles[style]}m${text}\x1b[0m` : text;
}

const levelStyles: Readonly<Record<string, keyof typeof styles>> = {
  critical: 'magenta',
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  informational: 'dim',
};

export const levelNames: readonly string[] = findingLevels.toReversed();

/** 5 for critical down to 1 for informational; 0 for an unknown word. */
export function levelRank(level: string): number {
  return findingLevels.findIndex((known) => known === level) + 1;
}

/** The line above a table: what each column holds, over columns two spaces apart. The last one needs no width. */
export function tableHead(output: TextOutput, columns: readonly (readonly [title: string, width?: number])[]): string {
  const line = columns
    .map(([title, width = 0]) => column(title.toUpperCase(), Math.max(width, title.length)))
    .join('  ');
  return `${styled(output, 'dim', line.trimEnd())}\n`;
}

/** A level as word, shape and colour, so that none of the three is needed. Fifteen columns wide. */
export function levelLabel(output: TextOutput, level: string): string {
  const known = findingLevels.find((name) => name === level);
  const word = column(level, 13);
  const style = levelStyles[level];
  return known === undefined || style === undefined
    ? `? ${word}`
    : styled(output, style, `${levelMarks[known]} ${word}`);
}

/** Our words as they can be typed here: in a checkout the command is `./sallyport`. */
export function asTyped(text: string, command: string): string {
  return text.replaceAll(commandNames, () => `${command} `);
}

const commandNames =
  /(?<![\w./-])sallyport (?=(?:alerts|archive|behaviour|clip|completion|connect|devices|evidence|help|--help|history|hunt|inventory|key|ledger|privileges|proof|retention|rules|search|send|sensors|sigma|sources|status|subject|users|vault|witness)\b)/g;

/** `12,345` */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `1 event`, `2 events` */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

/** `2026-03-01 12:00:03Z`; what is no time as it stands. */
export function timeText(value: JsonValue | undefined): string {
  const date = typeof value === 'number' || typeof value === 'string' ? new Date(value) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) return shortText(cell(value), 20);
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

/** A JSON value as one readable cell. */
export function cell(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
