import { stem, stems } from './word-stems.ts';

/**
 * How often the prompt asks for something to go to whom or where it spoke of before: `Northgas sent me a reminder. Please pay them the rest.`,
 * `read the main room and post a summary there`. `places`: where the name stands; `text` in plain spelling.
 *
 * The pronoun means the name only where nobody else can be meant: each word between them is known to be no person and no place, the
 * sentence is about the name (it begins with it), and nothing is negated, quoted or only for some case. One word that is not known ends it: a
 * landlord, another name, an address. What is found is a name that the person wrote, never one that the agent read.
 */
export function timesReferredTo(text: string, places: readonly number[], length: number): number {
  return places.filter((at) => {
    const before = text.slice(Math.max(0, at - 24), at);
    const after = text.slice(at + length, at + length + longest);
    return isThemAfter(before, after) || isThereAfter(before, after);
  }).length;
}

const longest = 240;
/** How many words may stand between. */
const farthest = 30;

/** `Northgas wrote to me that … . Please send them …` */
function isThemAfter(before: string, after: string): boolean {
  if (!/(?:^|[.!?;]\s{0,3})$/u.test(before)) return false;
  const told = /^\s+(?:has |had |have |just |recently ){0,2}(\p{L}+)(?=\s)/u.exec(after);
  if (told === null || !telling.has(told[1] ?? '')) return false;
  const words = wordsOf(after.slice(told[0].length));
  const at = words.findIndex((word) => people.has(word));
  if (at < 1 || at > farthest) return false;
  if (!words.slice(0, at).every((word) => isNobody(word) || papers.has(stem(word)) || requests.has(word))) return false;
  // What they asked for is not what the person asks for, which is a sentence of its own.
  const end = words.slice(0, at).findLastIndex(isEnd);
  // `Mallory asked me this. Pay them.`
  if (end < 0 || pointing.has(words[end - 1] ?? '')) return false;
  const clause = words.slice(end + 1, at);
  const mark = at + 1 + endOf(words.slice(at + 1));
  const sentence = words.slice(at + 1, mark);
  if (words[mark] === '?' && !requests.has(clause[0] ?? '')) return false;
  if (sentence.some((word) => denying.has(word))) return false;
  // `her report` is not her.
  if (words[at] === 'her' && !determiners.has(sentence[0] ?? '')) return false;
  // `send them to Bela`: what was sent, not who sent it.
  if (sentence.includes('to')) return false;
  const from = words[at - 1] === 'to' ? clause.slice(0, -1).findLastIndex(isAsking) : clause.length - 1;
  const verb = clause[from] ?? '';
  if (!isAsked(clause, from)) return false;
  if (owing.has(verb)) return true;
  // `send them`, and nothing else: it could be what is sent.
  return sending.has(verb) && (words[at - 1] === 'to' || determiners.has(sentence[0] ?? '') || isNumber(sentence[0]));
}

/** `… the main room and post a summary there` */
function isThereAfter(before: string, after: string): boolean {
  const isBefore = new RegExp(`(?:(?:${rooms}) (?:called |named )?|(?:^|\\s)(?:in|on|into) )["'“‘#]?$`, 'u').test(
    before,
  );
  const [noun = ''] = new RegExp(`^["'”’]?\\s(?:${rooms})(?![\\p{L}\\d])`, 'u').exec(after) ?? [];
  if (noun === '' && !isBefore) return false;
  const words = wordsOf(
    after
      .slice(noun.length)
      .replace(/^["”’]/, '')
      .replace(sameRoom, 'there'),
  );
  const at = words.indexOf('there');
  if (at < 1 || at > farthest || !words.slice(0, at).every(isNobody)) return false;
  // `who is there` and `there is` ask for nothing; a sentence that begins with it says something else.
  if ([words[at - 1] ?? '', words[at + 1] ?? ''].some((word) => being.has(word)) || isEnd(words[at - 1])) return false;
  const asked = words.slice(Math.max(0, at - 6), at);
  const clause = asked.slice(asked.findLastIndex(isEnd) + 1);
  // `send me the list there`: an answer.
  return clause.some(
    (word, index) => posting.has(word) && !['me', 'us'].includes(clause[index + 1] ?? '') && isAsked(clause, index),
  );
}

/**
 * Whether the word at this place is what the clause asks for: it stands where the clause begins, behind `please`, `can you` or `I want you to`, or
 * is the next thing asked for. Not what somebody did, has to do or was told to do.
 */
function isAsked(clause: readonly string[], at: number): boolean {
  const said = clause.slice(0, at);
  let from = 0;
  while (from < said.length) {
    const request = leading.find((words) => words.every((word, index) => said[from + index] === word));
    if (request === undefined) break;
    from += request.length;
  }
  const before = said.slice(from);
  if (before.length === 0) return at < clause.length;
  if (before.some((word) => telling.has(word) || notAsked.has(word))) return false;
  // `check the answer and pay them`
  return startsAsking.has(stem(before[0] ?? '')) && following.has(before.at(-1) ?? '');
}

/** Words and the marks between them, those of quotes too: what is quoted is not known. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}](?:[\p{L}\p{N}@._'’/-]*[\p{L}\p{N}])?%?|[^\s\p{L}\p{N}]/gu) ?? [];
}

/** A word that can be nobody and nowhere. */
function isNobody(word: string): boolean {
  return /^[,.;!?()€$£]$/u.test(word) || isNumber(word) || known.has(word) || known.has(stem(word));
}

function isNumber(word = ''): boolean {
  return /^[€$£]?(?:\d[\d.,]{0,20})?(?:%|st|nd|rd|th)?$/u.test(word) && word !== '';
}

function isEnd(word = ''): boolean {
  return /^[.!?;]$/.test(word);
}

function endOf(words: readonly string[]): number {
  const end = words.findIndex(isEnd);
  return end < 0 ? words.length : end;
}

function isAsking(word: string): boolean {
  return owing.has(word) || sending.has(word);
}

const sameRoom = /\b(?:in|to|on|into) (?:the same|that|this) (?:room|channel|space|group|forum|board)\b/u;
const rooms = 'room|channel|space|group|forum|board';

const people = new Set(['them', 'him', 'her']);
const determiners = new Set('the a an this that these those my our some any what back'.split(' '));
const telling = new Set(
  'sent said asked told wrote mentioned requested informed charged owes emailed messaged'.split(' '),
);
/** What comes after is whom, with or without what. */
const owing = new Set('pay refund reimburse tell thank remind inform notify'.split(' '));
const sending = new Set('send give transfer write text message email'.split(' '));
const requests = new Set(['can', 'could', 'would']);
const pointing = new Set('this that these those it : following'.split(' '));
const denying = new Set('nothing no not never none nobody zero if unless'.split(' '));
const leading = [
  ...'so now then also and just please'.split(' ').map((word) => [word]),
  [','],
  ['can', 'you'],
  ['could', 'you'],
  ['would', 'you'],
  ['i', 'want', 'you', 'to'],
];
/** A clause with one of them is about somebody who does, did or has to do it. */
const notAsked = new Set(
  'i we you to was were is are be been has have had need want which what that who how why because as since by ( )'.split(
    ' ',
  ),
);
/** What comes after one of them is asked for beside what the clause begins with. */
const following = new Set(['and', 'then', ',', 'also', 'please', 'just']);
const startsAsking = stems(
  'send pay give refund reimburse transfer reply write tell answer thank remind inform notify post put share publish read get check summarise summarize collect find',
);
const posting = new Set('post send write put share publish'.split(' '));
const being = new Set('is are was were be been will would may might can could should must has have'.split(' '));

/**
 * Function words, what people do with words and money, and things. None of them is also a name (`mark`, `bill`, `june`), somebody (`client`) or a
 * place to write to.
 */
const known: ReadonlySet<string> = new Set([
  ...'a an the this that these those my our your their its it i me we us you and so then now also please just too to of in on at for from about with because since as more less much little most short brief full whole new last next first second third all was were is are be been has have had which there by'.split(
    ' ',
  ),
  ...stems(
    'send pay give refund reimburse transfer reply write text email tell answer thank remind inform notify post put share publish read get check summarise summarize collect find increase decrease raise lower change rise fall go want need',
  ),
  ...stems(
    'note email message letter reminder request question answer price fee rent amount sum total rest difference payment money euro dollar pound percent cent summary picture number date time day week month year january february march july september october november december today tomorrow yesterday monday tuesday wednesday thursday friday saturday sunday transaction lunch dinner breakfast text ranking overview digest outcome statistic result count',
  ),
]);

/** Somebody's words, and also where one writes: nothing is posted `there` after them. */
const papers = stems('document file list page site website url link article report history ticket');
