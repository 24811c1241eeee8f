/** The query with a field under another name, wherever it stands as a field: never inside quoted text. */
export function replaceField(query: string, field: string, by: string): string {
  return query
    .split(/("(?:[^"\\]|\\.)*"?)/)
    .map((part, at) => (at % 2 === 1 ? part : replaceOutside(part, field, by)))
    .join('');
}

function replaceOutside(text: string, field: string, by: string): string {
  const wanted = `${field}:`.toLowerCase();
  let result = '';
  let rest = text;
  for (;;) {
    const at = rest.toLowerCase().indexOf(wanted);
    if (at < 0) return result + rest;
    const isStart = at === 0 ? !/[\w.]$/.test(result) : /[\s(-]/.test(rest.charAt(at - 1));
    result += rest.slice(0, at) + (isStart ? `${by}:` : rest.slice(at, at + wanted.length));
    rest = rest.slice(at + wanted.length);
  }
}
