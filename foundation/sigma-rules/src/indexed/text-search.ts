import { createGramTable, gramAt } from './gram-table.ts';
import type { Hits, Literal, Stride } from './literal.ts';
import type { TextBytes } from './text-bytes.ts';

/** Many literals looked for at once. */
export type TextSearch = {
  /** Calls `onHits` for every literal the text holds, possibly more than once. */
  search(text: string, onHits: (hits: Hits) => void): void;
};

const maxStep = 8;
/** What it costs to look for one literal alone, where 1 is one pass over every byte for all of them. */
const aloneCost = 0.12;
/** Texts of four characters that are about as frequent as any: hexadecimal ones. Where many of them are known, most places need a second look. */
const commonGrams = 65_536;

/**
 * Literals looked for anywhere in a text, in one pass over its bytes. Only every `step`-th place of the text is looked at: each literal
 * is known by so many groups of bytes, one behind the other, that one of them must come to stand on such a place. They are
 * chosen to be rare among all the literals, and only where one is met is the literal compared. The few literals too short for
 * that are looked for one by one. Time: (text) × (literals that share a group of bytes), whatever the text. Literals must
 * be well-formed and without U+FFFD, which stands for what is not.
 */
export function createTextSearch(literals: ReadonlyMap<string, Hits>, textBytes: TextBytes): TextSearch {
  const encoder = new TextEncoder();
  const all = [...literals].map(([text, hits]) => ({ text, hits, bytes: encoder.encode(text) }));
  const stride = bestStride(all.filter(isAscii).map(({ bytes }) => bytes.length));
  const { step, gramLength } = stride;
  const leastLength = step + gramLength - 1;
  const tooShort = all.filter(({ bytes }) => bytes.length < leastLength);
  const alone = tooShort.filter(isAscii);
  const foreignAlone = tooShort.filter((literal) => !isAscii(literal));
  const table = createGramTable(
    all.filter(({ bytes }) => bytes.length >= leastLength),
    stride,
  );
  const { isGram, shift } = table;
  const isDouble = gramLength === 8;

  return {
    search(text, onHits) {
      lookAlone(alone, text, onHits);
      const length = textBytes.write(text);
      if (length !== text.length) lookAlone(foreignAlone, text, onHits);
      const view = textBytes.view();
      const last = length - gramLength;
      for (let at = 0; at <= last; at += step) {
        const gram = gramAt(view, at, isDouble);
        if (isGram[gram >>> shift] === 1) table.compare(gram, textBytes, at, onHits);
      }
    },
  };
}

function lookAlone(literals: readonly Literal[], text: string, onHits: (hits: Hits) => void): void {
  for (let index = 0; index < literals.length; index += 1) {
    const literal = literals[index];
    if (literal !== undefined && text.includes(literal.text)) onHits(literal.hits);
  }
}

/** Texts of as many bytes as characters cannot hold any other. */
function isAscii({ text, bytes }: Literal): boolean {
  return text.length === bytes.length;
}

/** A wide step looks at fewer places, long grams are met less often by chance; both leave more literals to be looked for alone. */
function bestStride(lengths: readonly number[]): Stride {
  let best: Stride = { step: 1, gramLength: 4 };
  let least = Infinity;
  for (const gramLength of [4, 8] as const) {
    for (let step = 1; step <= maxStep; step += 1) {
      const alone = lengths.filter((length) => length < step + gramLength - 1).length;
      const chance = gramLength === 8 ? 0.3 : 4 * Math.min(1, (step * (lengths.length - alone)) / commonGrams);
      const cost = (1 + chance) / step + alone * aloneCost;
      if (cost >= least) continue;
      least = cost;
      best = { step, gramLength };
    }
  }
  return best;
}
