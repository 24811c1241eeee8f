/** What a cell may hold; null is an empty cell. */
export type CsvCell = string | number | null;

/**
 * One record of RFC 4180, with its line end. Every cell stands in quotes, and text is defused for spreadsheets: whatever separator
 * a program takes, no cell it makes of a text begins with a sign that starts a formula. That changes the text (an apostrophe
 * comes in front of the sign, signs that cannot be seen become spaces): the exact text is to be had in another format.
 */
export function csvRecord(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: CsvCell): string {
  if (cell === null) return '""';
  const text = typeof cell === 'number' ? String(cell) : defused(cell);
  return `"${text.replaceAll('"', '""')}"`;
}

/** Signs that start a formula, the full-width ones too: spreadsheets read those alike. */
const formulaStart = /(^|[,;|\t"'\n])([\s\u00a0\ufeff]*)(?=[=+\-@＝＋－＠])/gu;
/** Tab and line ends are kept as spaces: a cell that begins after one is a cell of its own to some programs. */
const invisible = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/gu;

function defused(text: string): string {
  return text.toWellFormed().replaceAll(invisible, ' ').replaceAll(formulaStart, "$1$2'");
}

/** A file name nothing can be smuggled through: letters, digits, dots and dashes. */
export function safeFileName(parts: readonly string[], extension: string): string {
  const name = parts
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 120);
  return `${name === '' ? 'export' : name}.${extension.replaceAll(/[^a-z0-9]/g, '')}`;
}
