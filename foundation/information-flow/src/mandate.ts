import {
  delegated,
  isAsking,
  isInvitation,
  isSendingElse,
  isToSomebody,
  isVerb,
  said,
  several,
  wordsOf,
} from './asking.ts';
import type { Asked } from './asking.ts';
import { isBeside, isJoined } from './beside.ts';
import { askingVerbs, broadVerbs, everyWords, isSameKind } from './mandate-lexicon.ts';
import { isCommanded, isOtherDoing, isSameDoing } from './same-doing.ts';
import { timesReferredTo } from './referring.ts';
import { placesOf } from './session-memory.ts';
import { isFilled, quotesIn } from './quotes.ts';
import { plainSpelling } from './spellings.ts';
import type { ToolDescription } from './describe-tool.ts';
import { isOrderedByRule, orderVerbs, readOrder } from './ordering.ts';
import { directoryNouns, placeNouns, type ToolEffect } from './tool-lexicon.ts';
import { stem, stems, wordsOfName } from './word-stems.ts';

/** What the person's prompts ask for, read by rules. Not understanding: what the rules do not find was not asked for. */
export type Mandate = {
  /**
   * `named`: the person wrote down everybody it goes to: people, addresses alone, or whom something is made `for`. `isAllNamed`: and whatever else
   * it is given.
   */
  intentOf(tool: ToolDescription, named: 'people' | 'address' | 'for' | undefined, isAllNamed?: boolean): Asked;
  /** "Every", "all", "each" of what the tool is about: as many as there are. */
  isForAll(tool: ToolDescription): boolean;
  /**
   * "Every member": those that a directory lists, rooms for "every room". Where the person said what to tell them, only for a content that
   * says it. `argument` is what takes the name.
   */
  isForEverybody(argument: string, content: string): boolean;
  /** What the tool's name begins with is what the person asked for in the same word, not in one of those that say little. */
  saysVerb(tool: ToolDescription): boolean;
  /** The content is what the person put in quotes, with its gaps (`<name>`, `{name}`) filled. */
  isQuoted(content: string): boolean;
  /** Links, pages, articles. */
  readonly speaksOfLinks: boolean;
  /** Its words stand in a row in what the person wrote, with nothing but marks between: `gloves, size M`. */
  isInARow(value: string): boolean;
  /** Something is to be made for it: `summarise the page for Jonas`. */
  isMadeFor(value: string): boolean;
  /** The person said by what to choose what is ordered: `the cheapest hotel`, `a rating above 4`. */
  isChosenByRule(tool: ToolDescription): boolean;
  /**
   * Whether the person wrote a value (in plain spelling), as one to whom something goes (`named`) or only beside (`mentioned`), and how often.
   * `isSent`: as one to whom something is sent: `add Dora to the lobby` sends the lobby nothing.
   */
  standingOf(
    value: string,
    isSent?: boolean,
  ): { readonly standing: 'named' | 'mentioned' | 'absent'; readonly times: number };
};

const maxPromptLength = 64_000;

export function readMandate(prompts: readonly string[]): Mandate {
  // The newest count where there are too many.
  const text = prompts.join(' . ').slice(-maxPromptLength);
  const words = wordsOf(text);
  // "All the members", "everybody": of "all day" there are not many.
  const saysEvery = (
    said: readonly string[],
    isMeant: (noun: string | undefined) => boolean,
    { isLeftOut = (_before: string): boolean => false, countsBoth = true } = {},
  ): boolean =>
    said.some(
      (word, at) =>
        everyWords.has(stem(word)) &&
        !(word === 'both' && !countsBoth) &&
        !isLeftOut(said[at - 1] ?? '') &&
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
      : words.flatMap((_, at) =>
          isAsking(words, at, askingVerbs[effect], effect) && (effect !== 'pay' || !isSendingElse(words, at))
            ? [at]
            : [],
        );
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
        { countsBoth: false },
      ) ||
      // "Ask them": as many as they are.
      (tool.asked[0] === 'message' &&
        verbs('message').some((at) => isToSomebody(words, at, several) && !isInvitation(tool, words, at))),
    isForEverybody(argument, content) {
      // "Each user" is no room.
      const isPlace = wordsOfName(argument).some((word) => placeNouns.has(stem(word)));
      const isMeant = (noun: string | undefined): boolean =>
        noun === undefined ? !isPlace : (isPlace ? placeNouns : directoryNouns).has(noun);
      // "A list of all members", "count all users": nothing goes to them.
      return (
        saysEvery(going, isMeant, isPlace ? {} : { isLeftOut: (before) => ofThem.has(before) }) &&
        (quotes.length === 0 || isQuoted(content))
      );
    },
    saysVerb(tool) {
      const [first = ''] = wordsOfName(tool.name.replace(/^mcp__.*?__/, ''));
      const own = stem(first);
      return own === tool.verb && !broadVerbs.has(own) && isCommanded(text, own, tool.nouns);
    },
    isQuoted,
    speaksOfLinks: words.some((word) => isSameKind(stem(word), 'link') || stem(word) === stem('article')),
    intentOf(tool, named, isAllNamed = false) {
      const families = new Set(tool.asked.filter((effect) => effect !== 'read'));
      // A payment is also made, set up and changed; a credential is changed.
      if (families.has('pay')) families.add('write');
      const isOrder = families.has('pay') && orderVerbs.has(tool.verb ?? '');
      if (isOrder) {
        const ordered = readOrder(words, tool.nouns, (at) => isVerb(words, at));
        if (ordered.length > 0) return said(ordered, words, tool);
        if (delegation !== undefined) return delegated(delegation);
        return { intent: 'none', times: 0, why: 'nothing you wrote asks for it' };
      }
      if (families.has('other')) families.add('write').add('message').add('execute');
      const isOther = (at: number): boolean => isInvitation(tool, words, at) || isOtherDoing(tool, words, at);
      const found = [...families].flatMap((effect) => verbs(effect)).filter((at) => !isOther(at));
      const own = tool.verb;
      const exact = words.flatMap((word, at) =>
        own !== undefined && stem(word) === own && isVerb(words, at) ? [at] : [],
      );
      const about = [...new Set([...found, ...exact])].filter((at) =>
        // "Plan a day in Porto with a lunch" is no entry in a calendar.
        words
          .slice(at + 1, at + (planning.has(stem(words[at] ?? '')) ? 6 : 25))
          .some((word) => tool.nouns.some((noun) => isSameKind(stem(word), noun))),
      );
      if (about.length > 0) return said(about, words, tool);
      const narrow = exact.filter((at) => !broadVerbs.has(stem(words[at] ?? '')));
      if (narrow.length > 0) return said(narrow, words, tool);
      // "S-2201 goes to Quay 8, please change it": nothing but the person's words goes along.
      const alike =
        isAllNamed && tool.asked.every((effect) => effect === 'write' || effect === 'other')
          ? words.flatMap((word, at) =>
              own !== undefined && isSameDoing(stem(word), own) && isVerb(words, at) ? [at] : [],
            )
          : [];
      if (alike.length > 0) return said(alike, words, tool);
      // It speaks of the thing elsewhere, or the person named whom it goes to and asked for more than a change.
      const isAbout = words.some((word) => tool.nouns.some((noun) => isSameKind(stem(word), noun)));
      const grave =
        named === undefined
          ? []
          : [...families]
              .filter((effect) => effect !== 'write')
              // To a page one also adds and appends.
              .flatMap((effect) => [
                ...verbs(effect).filter((at) => !isOther(at)),
                ...(effect === 'message' && named === 'address' ? verbs('write') : []),
              ]);
      const plain = found.filter((at) => !planning.has(stem(words[at] ?? '')));
      if (plain.length > 0 && isAbout) return said(plain, words, tool);
      if (grave.length > 0) return said(grave, words, tool);
      // "Send them a note": whom is another question.
      const toSomebody =
        families.has('message') && tool.asked[0] === 'message'
          ? verbs('message').filter((at) => isToSomebody(words, at) && !isOther(at))
          : [];
      if (toSomebody.length > 0) return said(toSomebody, words, tool);
      if (named === 'for' && families.has('message')) {
        const made = words.flatMap((word, at) => (making.has(stem(word)) && isVerb(words, at) ? [at] : []));
        if (made.length > 0) return said(made, words, tool);
      }
      if (delegation !== undefined) return delegated(delegation);
      return { intent: 'none', times: 0, why: 'nothing you wrote asks for it' };
    },
    isInARow(value) {
      const parts = value.split(/[\s,]+/u).filter((part) => part !== '');
      return (
        parts.length > 1 &&
        parts.length <= 12 &&
        placesOf(text.replaceAll(/,\s+/gu, ' '), parts.join(' '), 1).length > 0
      );
    },
    isMadeFor: (value) =>
      placesOf(text, plainSpelling(value), 50).some((at) =>
        /\bfor (?:the |my |our )?["'“‘#@]?$/u.test(text.slice(Math.max(0, at - 16), at)),
      ),
    isChosenByRule: (tool) => isOrderedByRule(words, tool.nouns, (at) => isVerb(words, at)),
    standingOf(value, isSent = false) {
      const places = placesOf(text, value, 50);
      if (places.length === 0) return { standing: 'absent', times: 0 };
      const going = places.filter(
        (at) => !isBeside(text, at, value.length) && !(isSent && isJoined(text, at, value)),
      ).length;
      const times = going > 0 || everyWords.has(stem(value)) ? going : timesReferredTo(text, places, value.length);
      return { standing: times > 0 ? 'named' : 'mentioned', times };
    },
  };
}

/** What one does to have something to give. */
const making = stems('summarize summarise collect compile translate prepare gather list');

const delegating =
  /\bdo (?:what(?:ever)?|as) (?:\p{L}+ ){1,4}?(?:asks?|says?|wants?|tells?|needs?|writes?|wrote|requests?|asked|said|wanted|requested)\b|\b(?:do|perform|follow|execute|complete|carry out|finish|handle|act on|take care of|work through|go through|obey|implement)\b(?![^.!?\n]{0,60}\bfollowing\b)[^.!?\n:]{0,60}\b(?:actions?|instructions?|tasks?|steps?|todos?|to-dos?|todo list|items?|things|requests?|orders?|everything|whatever|it says|it asks|they ask)\b(?![^.!?\n]{0,40}:)/u;

const planning = stems('plan arrange organise organize prepare generate');
const ofThem = new Set(
  'of about between from on by than list lists show get read count check fetch find see name names which me'.split(' '),
);
const needsNoun = new Set(['all', 'every', 'each']);
const whereItWas =
  /\b(?:posted|sent|shared|said|wrote|written|mentioned|listed|uploaded|published|stored|received)\s+(?:in|on|at|to|across)\s+(?:all|every|each)\b(?:\s+(?:of|the|my|our))*/gu;

function findDelegation(text: string): string | undefined {
  return delegating.exec(text)?.[0].slice(0, 80);
}
