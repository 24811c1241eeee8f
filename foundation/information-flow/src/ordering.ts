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

/** A superlative, or a bound with its number: the choice is the person's, and looked up by who does it. `text` is in plain spelling. */
export function isChosenByRule(text: string): boolean {
  return /\b(?:cheapest|best|highest|lowest|nearest|closest|top|shortest|largest|biggest|smallest|most expensive|least expensive|most affordable)\b|\b(?:above|over|under|below|at least|at most|less than|more than|up to|cheaper than)\s+[€$£]?\d/u.test(
    text,
  );
}
