import { isSameKind } from './mandate-lexicon.ts';
import { stem, stems } from './word-stems.ts';

// Booking and buying: what of a prompt asks for it, and whether it says by what to choose.

/** Verbs of tools that order something, and of people who want it ordered. */
export const orderVerbs = stems('book reserve rent order buy purchase hire subscribe');

/** What is made when something is booked: `make a reservation`. */
const orders = stems('reservation booking rental order purchase subscription');
const makingVerbs = stems('make create place set arrange complete');
/** `Get me a table`, `I'd like a room`: a wish for what a booking gives. Finding is no booking. */
const wishes = new Set(['get', 'want', 'need', 'like', 'take']);
const closest = 6;
const farthest = 60;

/** The places where the words ask for an order of what the tool is about. A tool of hotels is not covered by `book a table`. */
export function readOrder(
  words: readonly string[],
  nouns: readonly string[],
  isVerb: (at: number) => boolean,
): readonly number[] {
  const isMeant = (word: string): boolean => nouns.some((noun) => isSameKind(stem(word), noun));
  const isKnown = nouns.some((noun) => [...things].some((thing) => isSameKind(noun, thing)));
  return words.flatMap((word, at) => {
    if (!isVerb(at)) return [];
    const after = sentenceOf(words.slice(at + 1, at + farthest));
    const near = after.slice(0, closest);
    const isOrder =
      (orderVerbs.has(stem(word)) && (after.some(isMeant) || !isKnown || !near.some(isThing))) ||
      (makingVerbs.has(stem(word)) && near.some((next) => orders.has(stem(next)))) ||
      (wishes.has(word) && near.some((next) => isMeant(next) || orders.has(stem(next))));
    return isOrder ? [at] : [];
  });
}

/** What may be ordered, as people call it. */
const things = stems('hotel room table restaurant car vehicle flight train seat ticket book cinema taxi');
const isThing = (word: string): boolean => things.has(stem(word));

function sentenceOf(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word) => /^[.!?;]$/.test(word));
  return end < 0 ? words : words.slice(0, end);
}

/**
 * The order itself says by what to choose: `the cheapest hotel`, `a hotel with the best rating`, `a room for under 100`. A superlative of something
 * else (`my top priority`, `best regards`, `near the highest mountain`) chooses nothing. `words` are without what was quoted.
 */
export function isOrderedByRule(
  words: readonly string[],
  nouns: readonly string[],
  isVerb: (at: number) => boolean,
): boolean {
  const isNoun = (word: string): boolean => nouns.some((noun) => isSameKind(stem(word), noun));
  const isKnown = words.some(isNoun);
  return readOrder(words, nouns, isVerb).some((at) => {
    // `find the best rated hotel and reserve it`: what `it` is stands before, in the same sentence.
    const isBefore = words[at + 1] === 'it';
    const said = isBefore ? sentenceTo(words, at) : sentenceOf(words.slice(at + 1, at + farthest));
    // `the cheapest one`, of what was spoken of; of what the tool alone has a name for, what stands behind the verb.
    const isMeant = (word: string, index: number): boolean =>
      isNoun(word) ||
      (!isBefore && ((word === 'one' && isKnown) || (!isKnown && index <= closest && !notThings.has(word))));
    return said.some(
      (word, index) =>
        isMeant(word, index) && (isChosenBefore(said.slice(0, index)) || isChosenAfter(said.slice(index + 1))),
    );
  });
}

function sentenceTo(words: readonly string[], at: number): readonly string[] {
  const before = words.slice(Math.max(0, at - farthest), at);
  return before.slice(before.findLastIndex((word) => /^[.!?;]$/.test(word)) + 1);
}

/** At most two words stand between it and the noun, and nothing that another thing begins with. */
function isChosenBefore(before: readonly string[]): boolean {
  const at = before.findLastIndex(isSuperlative);
  if (at < 0) return false;
  const between = before.slice(at + (isDegree(before[at] ?? '') || criteria.has(stem(before[at + 1] ?? '')) ? 2 : 1));
  return (
    between.length <= 2 &&
    !between.some((word) => /^[,:]$/.test(word) || word.endsWith("'s") || parting.has(word) || isThing(word))
  );
}

/** Until something else begins. */
function isChosenAfter(after: readonly string[]): boolean {
  const end = after.findIndex((word) => ends.has(word));
  const near = after.slice(0, end < 0 ? nearby : Math.min(end, nearby));
  return near.some((word, at) => {
    if (isSuperlative(word)) {
      const [next = '', later = ''] = near.slice(at + 1, at + 3);
      return criteria.has(stem(next)) || (!parting.has(next) && criteria.has(stem(later)));
    }
    const bound = boundAt(near, at);
    return bound !== undefined && !measures.has(stem(near[bound] ?? ''));
  });
}

/** Where the words behind a bound and its number begin. */
function boundAt(words: readonly string[], at: number): number | undefined {
  const isPair = pairs.has(`${words[at] ?? ''} ${words[at + 1] ?? ''}`);
  if (!isPair && !bounds.has(words[at] ?? '')) return undefined;
  const number = at + (isPair ? 2 : 1);
  return /^\d[\d.,]*$/.test(words[number] ?? '') ? number + 1 : undefined;
}

const superlatives = new Set(
  'cheapest best highest lowest nearest closest top shortest largest biggest smallest most least'.split(' '),
);
/** `best-rated` is one. */
const isSuperlative = (word: string): boolean => superlatives.has(word.split('-', 1)[0] ?? '');
const isDegree = (word: string): boolean => word === 'most' || word === 'least';
const bounds = new Set('above over under below'.split(' '));
const pairs = new Set([
  'at least',
  'at most',
  'less than',
  'more than',
  'up to',
  'cheaper than',
  'higher than',
  'lower than',
]);
/** By what one chooses. */
const criteria = stems('rating rated rate price priced cost review star score value');
/** `for less than 3 days` says how long, not which. */
const measures = stems(
  'day night week month year hour minute person people guest adult child mile kilometer kilometre km m meter metre',
);
const parting = new Set(
  'and or but then in at near by on of from for with to friend regards wishes priority my your our his her their'.split(
    ' ',
  ),
);
const ends = new Set('and then but \u0001'.split(' '));
const notThings = new Set([...parting, ...superlatives, 'the', 'a', 'an', 'me', 'us', 'one', 'it', ',', ':']);
const nearby = 10;
