/** Finds which of some values stand in a text, whoever wrote them how. */
export type ValueSearch = {
  /** The numbers of the values found, ascending; empty when there are none. */
  find(text: string): readonly number[];
};

/** Shorter values are found only where they are the whole text: two letters stand in everything. */
const shortest = 3;
/** Scripts that put no space between words, and in which two signs are a name. */
const unspaced = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]/u;
const partOfWord = /[\p{L}\p{N}]/u;

type Needle = {
  readonly value: number;
  readonly text: string;
  readonly startsWord: boolean;
  readonly endsWord: boolean;
};

/**
 * A value is found without regard to case, as a word of its own (`al` is not in `signal`, `10.0.0.1` not in `10.0.0.12`), as it is
 * and as JSON, XML and web addresses write it. `values`: as they stood in their fields.
 */
export function createValueSearch(values: readonly string[]): ValueSearch {
  const whole = new Map<string, number[]>();
  const needles: Needle[] = [];
  for (const [value, written] of values.entries()) {
    const text = folded(written.trim());
    whole.set(text, [...(whole.get(text) ?? []), value]);
    if (!isLongEnough(text)) continue;
    for (const form of formsOf(text)) needles.push(needleOf(value, form));
  }
  return {
    find(text) {
      const searched = folded(text);
      const found = new Set(whole.get(searched.trim()));
      for (const needle of needles) if (!found.has(needle.value) && stands(searched, needle)) found.add(needle.value);
      return found.size < 2 ? [...found] : [...found].toSorted((a, b) => a - b);
    },
  };
}

function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().normalize('NFC');
}

function isLongEnough(text: string): boolean {
  return text.length >= shortest || (text.length === 2 && unspaced.test(text));
}

function formsOf(text: string): ReadonlySet<string> {
  const json = JSON.stringify(text).slice(1, -1);
  const xml = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
  const address = encodeURIComponent(text.toWellFormed()).toLowerCase();
  return new Set([text, json, JSON.stringify(json).slice(1, -1), xml, address, address.replaceAll('%20', '+')]);
}

function needleOf(value: number, text: string): Needle {
  const isEdge = (sign: string | undefined): boolean =>
    sign !== undefined && partOfWord.test(sign) && !unspaced.test(sign);
  return { value, text, startsWord: isEdge(text[0]), endsWord: isEdge(text.at(-1)) };
}

function stands(text: string, needle: Needle): boolean {
  for (let at = text.indexOf(needle.text); at !== -1; at = text.indexOf(needle.text, at + 1)) {
    const before = needle.startsWord && continues(text[at - 1]);
    const after = needle.endsWord && continues(text[at + needle.text.length]);
    if (!before && !after) return true;
  }
  return false;
}

function continues(sign: string | undefined): boolean {
  return sign !== undefined && partOfWord.test(sign);
}
