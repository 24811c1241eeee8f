/** Where the stroke stands behind which a query says what becomes of its events; -1 where there is none. In quotes it is text. */
function strokeIn(query: string): number {
  const blind = query.replaceAll(/"(?:\\.|[^"\\])*"/g, (quoted) => 'x'.repeat(quoted.length));
  return /(?:^|\s)\|(?=\s|$)/.exec(blind)?.index ?? -1;
}

export function asksForTable(query: string): boolean {
  return strokeIn(query) >= 0;
}

/** Which events a query is about, without what becomes of them. */
export function eventsPart(query: string): string {
  const at = strokeIn(query);
  return (at < 0 ? query : query.slice(0, at)).trim();
}
