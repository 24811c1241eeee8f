/** One YAML document of a rule file, and the lines it stands on (1-based, both included). */
export type RuleDocument = { readonly first: number; readonly last: number };

/** Where the documents of a file stand. In YAML a line that begins with `---` begins a document, wherever it stands (YAML 1.2, 9.1.2). */
function documentsIn(lines: readonly string[]): RuleDocument[] {
  const starts = [1];
  for (const [place, line] of lines.entries()) if (place > 0 && isMarker(line)) starts.push(place + 1);
  return starts.map((first, order) => ({ first, last: (starts[order + 1] ?? lines.length + 1) - 1 }));
}

/**
 * The line on which a document begins that no `---` announces: behind `...` one may (YAML 1.2, 9.1.3), and could not be told from the one before it.
 * Undefined where there is none.
 */
export function unannouncedDocument(text: string): number | undefined {
  const lines = text.split('\n');
  for (const { first, last } of documentsIn(lines)) {
    const own = lines.slice(first - 1, last);
    const end = own.findIndex((line) => /^\.\.\.(?:\s|$)/.test(line));
    const next = end < 0 ? -1 : own.findIndex((line, place) => place > end && !/^[ \t]*(?:#.*)?\r?$/.test(line));
    if (next >= 0) return first + next;
    if (end >= 0 && /^\.\.\.[ \t]*[^ \t\r#]/.test(own[end] ?? '')) return first + end;
  }
  return undefined;
}

/** The text of the document that `line` is part of. */
export function documentAt(text: string, line: number): string {
  const lines = text.split('\n');
  const found = documentsIn(lines).find(({ first, last }) => first <= line && line <= last);
  if (found === undefined) return '';
  const own = lines.slice(found.first - 1, found.last);
  return `${own
    .join('\n')
    .replace(/^---[ \t]*\r?\n/, '')
    .trimEnd()}\n`;
}

/** The text with nothing but the documents that have one of `kept` lines; every line stays where it is, so that refusals name the right one. */
export function keepDocuments(text: string, kept: readonly number[]): string {
  const lines = text.split('\n');
  const dropped = documentsIn(lines).filter(({ first, last }) => !kept.some((line) => first <= line && line <= last));
  if (dropped.length === 0) return text;
  const without = [...lines];
  for (const { first, last } of dropped)
    for (let line = first; line <= last; line += 1) without[line - 1] = isMarker(lines[line - 1] ?? '') ? '---' : '';
  return without.join('\n');
}

function isMarker(line: string): boolean {
  return /^---(?:\s|$)/.test(line);
}
