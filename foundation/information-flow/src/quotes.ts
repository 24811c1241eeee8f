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
