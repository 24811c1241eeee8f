import type { JsonValue } from '@sallyport/contracts';

/** A stream a person or another program reads. */
export type TextOutput = {
  write(text: string): void;
  /** Resolves when what was written has been taken; bounds memory behind a slow reader. */
  drained(): Promise<void>;
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly color: boolean;
};

const escapeSequences =
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]|[\x90\x98\x9d-\x9f][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?/g;
/** C0 and C1 controls, DEL, line separators, and the marks that reorder or hide text. */
const dangerousCharacters =
  /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/**
 * Text from an event, a file name or a server, made safe to print on one line: escape sequences are removed,
 * other control, bidirectional and invisible characters become spaces. Whoever wrote the text cannot move the
 * cursor, change colours or the clipboard, forge a line, or make text read in another order.
 */
export function plainText(untrusted: string): string {
  return untrusted.replaceAll(escapeSequences, '').replaceAll(dangerousCharacters, ' ');
}

/** `plainText`, cut to a width; a cut shows as `…`. */
export function shortText(untrusted: string, maxCharacters: number): string {
  const characters = Array.from(plainText(untrusted));
  return characters.length <= maxCharacters
    ? characters.join('')
    : `${characters.slice(0, maxCharacters - 1).join('')}…`;
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

const levels: Readonly<Record<string, { shape: string; style: keyof typeof styles; rank: number }>> = {
  critical: { shape: '◆', style: 'magenta', rank: 5 },
  high: { shape: '▲', style: 'red', rank: 4 },
  medium: { shape: '■', style: 'yellow', rank: 3 },
  low: { shape: '●', style: 'cyan', rank: 2 },
  informational: { shape: '○', style: 'dim', rank: 1 },
};

export const levelNames: readonly string[] = Object.keys(levels);

/** 5 for critical down to 1 for informational; 0 for an unknown word. */
export function levelRank(level: string): number {
  return levels[level]?.rank ?? 0;
}

/** A level as word, shape and colour, so that none of the three is needed. */
export function levelLabel(output: TextOutput, level: string): string {
  const known = levels[level];
  const word = shortText(level, 13).padEnd(13);
  return known === undefined ? `? ${word}` : styled(output, known.style, `${known.shape} ${word}`);
}

/** `12,345` */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `1 event`, `2 events` */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A JSON value as one readable cell. */
export function cell(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
