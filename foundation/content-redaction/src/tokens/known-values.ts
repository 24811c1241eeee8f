import type { Found } from '../finding.ts';

/** A value that a token stands for, or stood for. */
export type KnownValue = Pick<Found, 'class' | 'kind'> & { readonly text: string };

/** `<secret:aws-key:1.k3f9>` */
export const tokenPattern = /<(secret|personal):([a-z\d-]{1,40}):\d{1,7}\.[a-z\d]{4,12}>/g;

/** Signs that are compared at most, so that values and texts made for each other end. */
const maxCompared = 16_000_000;
/** What is longer has a form of its own. */
const longestKnown = 4000;
/** By so many signs those that may stand at a place are looked up. */
const longestBegin = 4;

/**
 * Values that were seen before, found wherever they stand as they are: also where nothing around them says what they are. In addresses and
 * in quotes they are spelt as those spell them. Tokens are left alone. `isCut` where there was more to compare than is compared.
 */
export function findKnown(
  text: string,
  values: readonly KnownValue[],
): { readonly found: readonly Found[]; readonly isCut: boolean } {
  const found: Found[] = [];
  if (values.length === 0 || text === '') return { found, isCut: false };
  const spelt = values.flatMap((value) => spellingsOf(value).map((spelling) => ({ text: spelling, value })));
  const shortest = Math.min(longestBegin, ...new Set(spelt.map((each) => each.text.length)));
  // The command line runs on Node 20 too, which has no Map.groupBy.
  const index = new Map<string, typeof spelt>();
  for (const each of spelt.toSorted((a, b) => b.text.length - a.text.length)) {
    const begin = each.text.slice(0, shortest);
    const alike = index.get(begin);
    if (alike === undefined) index.set(begin, [each]);
    else alike.push(each);
  }
  const begins = new Uint8Array(0x1_0000);
  for (const begin of index.keys()) begins[begin.charCodeAt(0)] = 1;
  const spans = tokensIn(text);
  let left = maxCompared;
  let span = 0;
  for (let at = 0; at < text.length; at += 1) {
    while ((spans[span]?.end ?? Infinity) <= at) span += 1;
    const next = spans[span];
    if (next !== undefined && next.start <= at) {
      at = next.end - 1;
      continue;
    }
    if (begins[text.charCodeAt(at)] !== 1) continue;
    left -= 8;
    for (const { text: spelling, value } of index.get(text.slice(at, at + shortest)) ?? []) {
      left -= 8 + spelling.length / 8;
      if (left < 0) return { found, isCut: true };
      const end = at + spelling.length;
      if (end > (next?.start ?? Infinity) || !text.startsWith(spelling, at)) continue;
      const { class: of, kind } = value;
      found.push({ class: of, kind, confidence: 'high', why: 'a token stands for it', start: at, end, layers: [] });
      at = end - 1;
      break;
    }
  }
  return { found, isCut: false };
}

const spellings = new WeakMap<KnownValue, readonly string[]>();

/** As it is, in an address, as a host is written, and in JSON. */
function spellingsOf(value: KnownValue): readonly string[] {
  const known = spellings.get(value);
  if (known !== undefined) return known;
  const { text } = value;
  const all = [text, text.toLowerCase(), JSON.stringify(text).slice(1, -1)];
  // Half a sign cannot stand in an address.
  if (text.isWellFormed()) all.push(encodeURIComponent(text), encodeURI(text));
  const made = [...new Set(all)].filter((one) => one !== '' && one.length <= longestKnown);
  spellings.set(value, made);
  return made;
}

/** Places that read like tokens, of whatever session. */
export function tokensIn(text: string): readonly { readonly start: number; readonly end: number }[] {
  if (!text.includes('<secret:') && !text.includes('<personal:')) return [];
  return Array.from(text.matchAll(tokenPattern), ({ index, 0: token }) => ({
    start: index,
    end: index + token.length,
  }));
}
