/** What the person put in quotes and is long enough to be said, in the parts that stand between its gaps. `text` is in plain spelling. */
export function quotesIn(text: string): (readonly string[])[] {
  const found = [...text.matchAll(/(?<=^|[\s(:])(["'“‘«])([^"”»\n]{3,500}?)["'”’»](?=$|[\s.,;:!?)])/g)].slice(0, 20);
  return found.flatMap(([, , said = '']) => {
    if (!/\s/.test(said)) return [];
    const parts = said.split(/<[^<>]{1,40}>|\{[^{}]{1,40}\}|\[[^[\]]{1,40}\]/);
    return [parts];
  });
}

const maxGaps = 20;
const widestGap = 60;

/** Each gap holds 1 to 60 characters; with more than 20 nothing is what was quoted. The places where a part may end are kept, not the ways there, which are many. */
export function isFilled([first = '', ...parts]: readonly string[], content: string): boolean {
  const longest = parts.reduce((sum, part) => sum + part.length + widestGap, first.length);
  if (parts.length > maxGaps || content.length > longest || !content.startsWith(first)) return false;
  let ends = new Set([first.length]);
  for (const part of parts) {
    const next = new Set<number>();
    let nearest = -Infinity;
    for (let at = 1; at + part.length <= content.length; at += 1) {
      if (ends.has(at - 1)) nearest = at - 1;
      if (at - nearest <= widestGap && content.startsWith(part, at)) next.add(at + part.length);
    }
    ends = next;
  }
  return ends.has(content.length);
}

const opening = new Set(`"'“‘«`);
const closing = new Set(`"'”’»`);
const single = new Set(`'‘’`);
/** Quotes inside quotes that are open at once; of what is deeper the innermost counts. */
const maxOpen = 32;

/** A mark, with spaces around, stands for each quote, with all that is quoted within. One pass, whatever stands open; what is never closed is spoken. */
export function withoutQuotes(text: string): string {
  const open: { readonly at: number; readonly isSingle: boolean }[] = [];
  const spans: { readonly from: number; readonly to: number }[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (!opening.has(char) && !closing.has(char)) continue;
    const before = text[at - 1] ?? ' ';
    const after = text[at + 1] ?? ' ';
    const isSingle = single.has(char);
    // `[\s.,;:!?)]`, or the quote around it ends, too.
    const mayClose = closing.has(char) && (/[\s.,;:!?)]/.test(after) || closing.has(after));
    const place = mayClose ? lastOpen(open, isSingle) : -1;
    if (place >= 0) {
      const from = open[place]?.at ?? at;
      open.length = place;
      while ((spans.at(-1)?.from ?? -1) > from) spans.pop();
      spans.push({ from, to: at });
    } else if (opening.has(char) && (/[\s(:]/.test(before) || opening.has(before))) open.push({ at, isSingle });
  }
  let spoken = '';
  let end = 0;
  for (const { from, to } of spans) {
    spoken += `${text.slice(end, from)} \u0001 `;
    end = to + 1;
  }
  return spoken + text.slice(end);
}

function lastOpen(open: readonly { readonly isSingle: boolean }[], isSingle: boolean): number {
  for (let at = open.length - 1; at >= 0 && at >= open.length - maxOpen; at -= 1)
    if (open[at]?.isSingle === isSingle) return at;
  return -1;
}
