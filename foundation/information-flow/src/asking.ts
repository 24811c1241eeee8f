import type { ToolDescription } from './describe-tool.ts';
import { beforeNouns, isSameKind, negations, pastForms } from './mandate-lexicon.ts';
import { withoutQuotes } from './quotes.ts';
import { formOf, plainSpelling } from './spellings.ts';
import type { ToolEffect } from './tool-lexicon.ts';
import { stem, stems } from './word-stems.ts';

// What words of a prompt ask for: which are verbs that ask, of what, of whom, and how often.

const maxWords = 6000;

/** How far the person's words go: they ask for such a thing, they hand the decision to something the agent reads, or neither. */
export type Intent = 'said' | 'delegated' | 'none';

/** How often: for each that is named, where that is said of `each`, and in all of what is not named. */
export type Asked = {
  readonly intent: Intent;
  readonly times: number;
  readonly inAll?: number;
  readonly isEach?: boolean;
  readonly why: string;
};

/** Whom one invites gets an invitation; a letter beside is another thing, but for `invite Dora by e-mail`. */
export function isInvitation(tool: ToolDescription, words: readonly string[], at: number): boolean {
  if (tool.asked[0] !== 'message' || stem(words[at] ?? '') !== 'invit' || tool.verb === 'invit') return false;
  return !sentenceFrom(words, at).some(
    (word, index, all) => tool.nouns.some((noun) => isSameKind(stem(word), noun)) && all[index - 1] === 'by',
  );
}

export function delegated(words: string): Asked {
  return { intent: 'delegated', times: 1, why: `you left what to do to what it reads: "${words}"` };
}

export function said(places: readonly number[], words: readonly string[], tool: ToolDescription): Asked {
  const [first = 0] = places;
  // "Write each summary to the lobby": as many as were named to be summarised.
  const near = (before: number, after: number, said: ReadonlySet<string>): boolean =>
    places.some((at) => words.slice(Math.max(0, at - before), at + after).some((word) => said.has(word)));
  const isForEach = places.some((at) =>
    words
      .slice(Math.max(0, at - 7), at)
      .some((word, index, all) => word === 'for' && eachWords.has(all[index + 1] ?? '')),
  );
  const isEach = isForEach || near(0, 4, eachWords);
  const pages = words.filter((word) => formOf(plainSpelling(word))?.startsWith('web:') === true).length;
  const each = Math.max(places.length, isForEach ? manyTimes : pages);
  return {
    intent: 'said',
    times: isEach ? each : places.length,
    // "Add both": two of them, but each once.
    inAll: isEach ? each : places.length + (near(0, 3, bothWords) ? 1 : 0),
    isEach,
    why: `you asked for it: "${words.slice(first, first + 6).join(' ')}" (${tool.effects[0] ?? ''})`,
  };
}

/** Words with the marks that end a sentence; what stands in quotes is said, not asked. */
export function wordsOf(text: string): string[] {
  return (withoutQuotes(text).match(/[\p{L}\d@][\p{L}\d@._'’+/-]*|[.!?;:,]|\u0001/gu) ?? [])
    .slice(0, maxWords)
    .map((word) => word.replaceAll('’', "'").replace(/(?<=[\p{L}\d])[.'_/+-]+$/u, ''));
}

const eachWords = new Set(['each', 'every']);
const bothWords = new Set(['both']);
/** "For each job write a message to the lobby": nobody said how many, and it is not without end. */
const manyTimes = 5;

export function isAsking(
  words: readonly string[],
  at: number,
  verbs: ReadonlySet<string>,
  effect: ToolEffect,
): boolean {
  const word = words[at] ?? '';
  if (!verbs.has(stem(word)) || !isVerb(words, at)) return false;
  // `take Ravi out of the lobby`: alone it takes nothing away.
  if (
    effect === 'delete' &&
    stem(word) === 'take' &&
    !words.slice(at + 1, at + 10).some((next) => next === 'out' || next === 'off')
  )
    return false;
  const next = words[at + 1] ?? '';
  // "Send me", "tell me": an answer, not a message to somebody.
  const isAnswer = (effect === 'message' || effect === 'grant') && (next === 'me' || next === 'us');
  // "Mail me the list at me@home.example" is one all the same.
  return (
    !isAnswer || sentenceFrom(words, at).some((one) => one.includes('@') && formOf(plainSpelling(one)) !== undefined)
  );
}

export function isVerb(words: readonly string[], at: number): boolean {
  const word = words[at] ?? '';
  if (pastForms.has(word) || /(?:[^s]s|ed)$/.test(word)) return false;
  if (beforeNouns.has(words[at - 1] ?? '')) return false;
  const before = words.slice(Math.max(0, at - 3), at);
  // `What did Bela write`: a question about what was done.
  // `which shipments are open`: how it is, not what is to be done.
  if (doers.has(words[at - 1] ?? '') || being.has(words[at - 1] ?? '')) return false;
  const asked = before.findLastIndex((one) => one === 'did' || one === 'does');
  if (asked >= 0 && !before.slice(asked).some((one) => /^[.!?;:,]$/.test(one) || one === 'and')) return false;
  return !before.some((one) => negations.has(one));
}

/** `whom they give to`: who does it is not the agent. */
const doers = new Set('they he she who whom'.split(' '));

const being = new Set('is are was were been'.split(' '));

export function sentenceFrom(words: readonly string[], at: number): readonly string[] {
  const after = words.slice(at + 1, at + 30);
  const end = after.findIndex((word) => /^[.!?;]$/.test(word));
  return end < 0 ? after : after.slice(0, end);
}

/** `send`, `return` and `settle` move money only where money is what they are about. */
export function isSendingElse(words: readonly string[], at: number): boolean {
  if (!sendingToo.has(stem(words[at] ?? ''))) return false;
  return !sentenceFrom(words, at)
    .slice(0, 15)
    .some((word) => /^[€$£]?\d[\d.,]*$/u.test(word) || isSameKind(stem(word), 'money') || partsOfMoney.has(word));
}

const sendingToo = stems('send return settle');
/** Of money. */
const partsOfMoney = new Set('difference rest share balance half remainder surplus extra change'.split(' '));

/** `send them`, `write to her`, `thank whoever`. */
export function isToSomebody(words: readonly string[], at: number, whom = somebody): boolean {
  return whom.has(words[at + 1] ?? '') || (words[at + 1] === 'to' && whom.has(words[at + 2] ?? ''));
}

export const several = new Set('them those people everyone everybody'.split(' '));

const somebody = new Set(
  'them him her everyone everybody whoever anyone someone somebody those both people'.split(' '),
);
