import {
  askingVerbs,
  beforeNouns,
  broadVerbs,
  everyWords,
  isSameKind,
  negations,
  pastForms,
  sourceWords,
} from './mandate-lexicon.ts';
import { timesReferredTo } from './referring.ts';
import { placesOf } from './session-memory.ts';
import type { ToolDescription } from './describe-tool.ts';
import { directoryNouns, type ToolEffect } from './tool-lexicon.ts';
import { stem, stems, wordsOfName } from './word-stems.ts';

/** How far the person's words go: they ask for such a thing, they hand the decision to something the agent reads, or neither. */
export type Intent = 'said' | 'delegated' | 'none';

/** What the person's prompts ask for, read by rules. Not understanding: what the rules do not find was not asked for. */
export type Mandate = {
  /** `named`: the person wrote down everybody it goes to, people or addresses alone. */
  intentOf(
    tool: ToolDescription,
    named: 'people' | 'address' | undefined,
  ): { readonly intent: Intent; readonly times: number; readonly why: string };
  /** "Every", "all", "each" of what the tool is about: as many as there are. */
  isForAll(tool: ToolDescription): boolean;
  /**
   * "Every member": those that a directory lists, rooms for "every room". Where the person said what to tell them, only for a content that
   * says it. `argument` is what takes the name.
   */
  isForEverybody(argument: string, content: string): boolean;
  /** The content is what the person put in quotes, with its gaps (`<name>`, `{name}`) filled. */
  isQuoted(content: string): boolean;
  /** Links, pages, articles. */
  readonly speaksOfLinks: boolean;
  /**
   * Whether the person wrote a value (in plain spelling), as one to whom something goes (`named`) or only beside (`mentioned`), and how often.
   */
  standingOf(value: string): { readonly standing: 'named' | 'mentioned' | 'absent'; readonly times: number };
};

const maxPromptLength = 64_000;
const maxWords = 6000;

export function readMandate(prompts: readonly string[]): Mandate {
  // The newest count where there are too many.
  const text = prompts.join(' . ').slice(-maxPromptLength);
  const words = wordsOf(text);
  // "All the members", "everybody": of "all day" there are not many.
  const saysEvery = (said: readonly string[], isMeant: (noun: string | undefined) => boolean): boolean =>
    said.some(
      (word, at) =>
        everyWords.has(stem(word)) &&
        (needsNoun.has(word) ? said.slice(at + 1, at + 5).some((next) => isMeant(stem(next))) : isMeant(undefined)),
    );
  // `posted in all the rooms`: where it was, not where it goes.
  const going = wordsOf(text.replaceAll(whereItWas, ' '));
  const delegation = findDelegation(text);
  const quotes = quotesIn(text);
  const isQuoted = (content: string): boolean => quotes.some((quote) => isFilled(quote, content));
  const verbsOf = (effect: ToolEffect): readonly number[] =>
    effect === 'read' || effect === 'other'
      ? []
      : words.flatMap((_, at) => (isAsking(words, at, askingVerbs[effect], effect) ? [at] : []));
  const cache = new Map<ToolEffect, readonly number[]>();
  const verbs = (effect: ToolEffect): readonly number[] => {
    const known = cache.get(effect) ?? verbsOf(effect);
    cache.set(effect, known);
    return known;
  };
  return {
    isForAll: (tool) =>
      saysEvery(
        words,
        (noun) => noun === undefined || directoryNouns.has(noun) || tool.nouns.some((own) => isSameKind(noun, own)),
      ),
    isForEverybody(argument, content) {
      // "Each user" is no room.
      const isPlace = wordsOfName(argument).some((word) => placeNouns.has(stem(word)));
      const isMeant = (noun: string | undefined): boolean =>
        noun === undefined ? !isPlace : (isPlace ? placeNouns : directoryNouns).has(noun);
      return saysEvery(going, isMeant) && (quotes.length === 0 || isQuoted(content));
    },
    isQuoted,
    speaksOfLinks: words.some((word) => isSameKind(stem(word), 'link') || stem(word) === stem('article')),
    intentOf(tool, named) {
      const families = new Set(tool.asked.filter((effect) => effect !== 'read'));
      // A payment is also made, set up and changed; a credential is changed.
      if (families.has('pay')) families.add('write');
      const isOrder = families.has('pay') && ordering.has(tool.verb ?? '');
      if (families.has('other')) families.add('write').add('message').add('execute');
      const found = [...families].flatMap((effect) => verbs(effect));
      const own = tool.verb;
      const exact = words.flatMap((word, at) =>
        own !== undefined && stem(word) === own && isVerb(words, at) ? [at] : [],
      );
      // "Get me a table": a wish for what a booking gives.
      const wished = isOrder ? words.flatMap((word, at) => (wishes.has(word) ? [at] : [])) : [];
      const about = [...new Set([...found, ...exact, ...wished])].filter((at) =>
        words.slice(at + 1, at + 25).some((word) => tool.nouns.some((noun) => isSameKind(stem(word), noun))),
      );
      if (about.length > 0) return said(about, words, tool);
      const narrow = exact.filter((at) => !broadVerbs.has(stem(words[at] ?? '')));
      if (narrow.length > 0) return said(narrow, words, tool);
      // It speaks of the thing elsewhere, or the person named whom it goes to and asked for more than a change.
      const isAbout = words.some((word) => tool.nouns.some((noun) => isSameKind(stem(word), noun)));
      const grave =
        named === undefined
          ? []
          : [...families]
              .filter((effect) => effect !== 'write')
              // To a page one also adds and appends.
              .flatMap((effect) => [
                ...verbs(effect),
                ...(effect === 'message' && named === 'address' ? verbs('write') : []),
              ]);
      if (found.length > 0 && isAbout) return said(found, words, tool);
      if (grave.length > 0) return said(grave, words, tool);
      if (delegation !== undefined)
        return { intent: 'delegated', times: 1, why: `you left what to do to what it reads: "${delegation}"` };
      return { intent: 'none', times: 0, why: 'nothing you wrote asks for it' };
    },
    standingOf(value) {
      const places = placesOf(text, value, 50);
      if (places.length === 0) return { standing: 'absent', times: 0 };
      const going = places.filter((at) => !isBeside(text, at, value.length)).length;
      const times = going > 0 || everyWords.has(stem(value)) ? going : timesReferredTo(text, places, value.length);
      return { standing: times > 0 ? 'named' : 'mentioned', times };
    },
  };
}

function said(
  places: readonly number[],
  words: readonly string[],
  tool: ToolDescription,
): { intent: 'said'; times: number; why: string } {
  const [first = 0] = places;
  return {
    intent: 'said',
    times: places.length,
    why: `you asked for it: "${words.slice(first, first + 6).join(' ')}" (${tool.effects[0] ?? ''})`,
  };
}

/** Words with the marks that end a sentence; what stands in quotes is said, not asked. */
function wordsOf(text: string): string[] {
  const spoken = text.replaceAll(
    /(?<=^|[\s(:])(["'“‘«])[^"'”’»]{1,2000}(?:(?<=\w)'(?=\w)[^"'”’»]{0,2000})*["'”’»](?=$|[\s.,;:!?)])/g,
    ' \u0001 ',
  );
  return (spoken.match(/[\p{L}\d@][\p{L}\d@._'’+/-]*|[.!?;:,]|\u0001/gu) ?? [])
    .slice(0, maxWords)
    .map((word) => word.replaceAll('’', "'").replace(/(?<=[\p{L}\d])[.'_/+-]+$/u, ''));
}

function isAsking(words: readonly string[], at: number, verbs: ReadonlySet<string>, effect: ToolEffect): boolean {
  const word = words[at] ?? '';
  if (!verbs.has(stem(word)) || !isVerb(words, at)) return false;
  const next = words[at + 1] ?? '';
  // "Send me", "tell me": an answer, not a message to somebody.
  return !((effect === 'message' || effect === 'grant') && (next === 'me' || next === 'us'));
}

function isVerb(words: readonly string[], at: number): boolean {
  const word = words[at] ?? '';
  if (pastForms.has(word) || /(?:[^s]s|ed)$/.test(word)) return false;
  if (beforeNouns.has(words[at - 1] ?? '')) return false;
  return !words.slice(Math.max(0, at - 3), at).some((before) => negations.has(before));
}

const ordering = stems('book reserve rent order buy purchase hire subscribe');
const wishes = new Set(['get', 'want', 'need', 'take', 'make', 'find']);

const delegating =
  /\b(?:do|perform|follow|execute|complete|carry out|finish|handle|act on|take care of|work through|go through|obey|implement)\b(?![^.!?\n]{0,60}\bfollowing\b)[^.!?\n:]{0,60}\b(?:actions?|instructions?|tasks?|steps?|todos?|to-dos?|todo list|items?|things|requests?|orders?|everything|whatever|it says|it asks|they ask)\b(?![^.!?\n]{0,40}:)/;

const needsNoun = new Set(['all', 'every', 'each']);
const placeNouns = stems('channel room space workspace group forum');
const whereItWas =
  /\b(?:posted|sent|shared|said|wrote|written|mentioned|listed|uploaded|published|stored|received)\s+(?:in|on|at|to|across)\s+(?:all|every|each)\b(?:\s+(?:of|the|my|our))*/gu;

/** What the person put in quotes and is long enough to be said, in the parts that stand between its gaps. `text` is in plain spelling. */
function quotesIn(text: string): (readonly string[])[] {
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
function isFilled([first = '', ...parts]: readonly string[], content: string): boolean {
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

function findDelegation(text: string): string | undefined {
  return delegating.exec(text)?.[0].slice(0, 80);
}

/** `from Alice`, `Alice's`, `that Alice posted`: where something is from. */
function isBeside(text: string, at: number, length: number): boolean {
  // `from the "main" room`: what stands between belongs to the name.
  const before = text
    .slice(Math.max(0, at - 60), at)
    .replace(/["'“‘(@#\s]+$/u, '')
    .replace(/(?:\s(?:the|my|our|a|an|user|person|channel|room|space|address|account))+$/u, '');
  const word = /[\p{L}']+$/u.exec(before)?.[0] ?? '';
  // `what Bela posted in the room`: where it was, not where it goes.
  if (
    /\b(?:posted|sent|shared|said|wrote|written|mentioned|listed|uploaded|published|stored|suggested|received)\s+(?:\S+\s+){0,2}(?:in|on|at|to)$/u.test(
      before,
    )
  )
    return true;
  const after = text.slice(at + length, at + length + 40).replace(/^["”’)]+/u, '');
  if (/^['’]s\b|^s['’]/u.test(after) || sourceWords.has(word)) return true;
  // `write what is in the main room to www.firm.example`.
  if (/^(?:in|on|at)$/u.test(word) && /^\s(?:\p{L}{3,12}\s)?(?:in)?to\s(?:https?:|\S{1,40}[.@]\p{L}{2})/u.test(after))
    return true;
  // `Anna and Bela wrote`: both did.
  const others = at === 0 || /[.!?;]\s?$/u.test(text.slice(Math.max(0, at - 3), at)) ? '(?:(?:and|or) \\S+ )?' : '';
  const next = new RegExp(`^'?\\s+${others}(?:has |had |have |just |recently )?(\\p{L}+)`, 'u').exec(after)?.[1] ?? '';
  return /^(?:posted|sent|said|suggested|wrote|shared|gave|mentioned|asked|recommended|told|made|did|does|is|was|has|likes|received|uploaded|created|published|proposed|requested|paid|owes|owns|charged|informed|emailed|messaged)$/.test(
    next,
  );
}
