/** One event of a body sent to `/services/collector/raw`. */
export type HecRawLine = {
  readonly text: string;
  /** Characters over the limit that are gone. */ readonly droppedCharacters: number;
};

export type HecRawLimits = { readonly maxLines: number; readonly maxLineCharacters: number };
export const defaultHecRawLimits: HecRawLimits = { maxLines: 65_536, maxLineCharacters: 65_536 };

/** Lines as Splunk breaks them by default: each run of CR and LF divides, empty lines are none. `rest` is what is over `maxLines`. */
export function breakHecRaw(
  text: string,
  limits: HecRawLimits = defaultHecRawLimits,
): { readonly lines: readonly HecRawLine[]; readonly rest: string } {
  const lines: HecRawLine[] = [];
  // Each is searched for again only once it is passed, so a body of one kind of break alone stays linear.
  let nextFeed = -1;
  let nextReturn = -1;
  for (let at = 0; at < text.length;) {
    if (nextFeed < at) nextFeed = nextOf(text, '\n', at);
    if (nextReturn < at) nextReturn = nextOf(text, '\r', at);
    const end = Math.min(nextFeed, nextReturn);
    if (end > at) {
      if (lines.length === limits.maxLines) return { lines, rest: text.slice(at) };
      const kept = Math.min(end, at + limits.maxLineCharacters);
      lines.push({ text: text.slice(at, kept), droppedCharacters: end - kept });
    }
    at = end + 1;
  }
  return { lines, rest: '' };
}

function nextOf(text: string, mark: string, at: number): number {
  const found = text.indexOf(mark, at);
  return found === -1 ? text.length : found;
}
