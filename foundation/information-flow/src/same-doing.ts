import { sentenceFrom } from './asking.ts';
import type { ToolDescription } from './describe-tool.ts';
import { withoutQuotes } from './quotes.ts';
import { stem, stems } from './word-stems.ts';

// Whether a verb of the person's asks for what a tool's verb does, where both are of one family: changing, or sending.

/** Who asks for something new asks for no change of what is there, and who ends something for nothing new. */
const starting = stems('create draft register log');
const altering = stems(
  'reschedule rename move archive restore stop restart close reopen change reset rotate disable replace increase decrease adjust transfer',
);
const ending = stems('close stop disable archive block');
export const beginning = stems('create new make draft register insert add');

/** Ways of reaching somebody that are not each other; a tool that names none of them may be any. */
const ways: readonly { readonly verbs: ReadonlySet<string>; readonly nouns: ReadonlySet<string> }[] = [
  { verbs: stems('email'), nouns: stems('email letter newsletter') },
  { verbs: stems('text sms'), nouns: stems('sms') },
  { verbs: stems('call phone ring dial'), nouns: stems('call telephone') },
  { verbs: stems('page'), nouns: stems('pager') },
  { verbs: stems('fax'), nouns: stems('fax') },
];

export function isOtherDoing(tool: ToolDescription, words: readonly string[], at: number): boolean {
  const asked = stem(words[at] ?? '');
  const own = tool.verb ?? '';
  if (tool.asked[0] === 'message') return isOtherWay(tool, words, at);
  if (tool.asked[0] !== 'write' || asked === own) return false;
  return (starting.has(asked) && altering.has(own)) || (ending.has(asked) && beginning.has(own));
}

/** `mail her`, `send everybody a mail`: nobody is paged or called. */
function isOtherWay(tool: ToolDescription, words: readonly string[], at: number): boolean {
  const own = ways.filter(
    ({ verbs, nouns }) => verbs.has(tool.verb ?? '') || tool.nouns.some((noun) => nouns.has(noun)),
  );
  if (own.length === 0) return false;
  const verb = stem(words[at] ?? '');
  const said = sentenceFrom(words, at)
    .slice(0, 12)
    .flatMap((word, index, all) => (waysBegin.has(all[index - 1] ?? '') ? [stem(word)] : []));
  const asked = ways.filter(({ verbs, nouns }) => verbs.has(verb) || said.some((word) => nouns.has(word)));
  return asked.length > 0 && !asked.some((way) => own.includes(way));
}

const waysBegin = new Set('a an by via per'.split(' '));

/** Verbs for the same, where all that a tool is given is the person's. */
const alike: readonly ReadonlySet<string>[] = [
  stems('move transfer relocate'),
  stems('attach upload enclose'),
  stems('change alter amend modify update edit'),
];

export function isSameDoing(asked: string, own: string): boolean {
  return asked === own || alike.some((group) => group.has(asked) && group.has(own));
}

/** `discharge her`, `and print two labels`: not `discharge papers`, and not `when do we discharge her`. */
export function isCommanded(text: string, verb: string, nouns: readonly string[]): boolean {
  return [...withoutQuotes(text).matchAll(commands)].some(
    ([, word = '', next = '']) =>
      stem(word) === verb && (objectsBegin.has(next) || /\d/u.test(next) || nouns.includes(stem(next))),
  );
}

const commands =
  /(?:^|[.!?;:,\n]|\b(?:and|then|please|now|also|just|(?:can|could|would|will) you)(?=\s))\s{0,4}(?!(?:and|then|please|now|also|just|can|could|would|will)\b)(\p{L}{1,30})(?=\s{1,4}([\p{L}\d-]{1,40}))/gu;
const objectsBegin = new Set(
  'the a an my our your his her him it them this that these those all both each every one two three four five six seven eight nine ten'.split(
    ' ',
  ),
);
