import type { ToolDescription } from './describe-tool.ts';
import { isSameKind } from './mandate-lexicon.ts';
import { hostOf, plainSpelling } from './spellings.ts';
import type { JudgedValue } from './standing.ts';
import { placeNouns, type ArgumentRole } from './tool-lexicon.ts';
import { stem, stems, wordsOfName } from './word-stems.ts';

// Small questions about the values of a call.

/** A list of such things that is kept by whom they are ordered from says nothing beside. */
const neutral = stems(
  'all list option availability available price cost offer catalog catalogue match in by for of from the a near nearby local city region area',
);
const writtenByOthers = stems('review comment message email mail post inbox news newsletter feed page article note');

/** `Alto Porto` of `list_hotels`, for `book_hotel`. What people write of hotels is no such list, whatever it is called: each of its words must be known. */
function isOfList({ standing, finding }: JudgedValue, tool: ToolDescription): boolean {
  if (standing === 'named' || standing === 'looked_up') return true;
  const isOwn = (noun: string): boolean => tool.nouns.some((own) => isSameKind(noun, own));
  return (
    standing === 'found' &&
    finding.sources.some(
      ({ isNamed, about = [] }) =>
        isNamed === true &&
        about.some((noun) => isOwn(noun) && !neutral.has(noun)) &&
        about.every((noun) => (isOwn(noun) || neutral.has(noun)) && !writtenByOthers.has(noun)),
    )
  );
}

/** One thing is chosen from the list; whatever else goes along, the person said. */
export function isOneOfList(
  values: readonly { readonly role: ArgumentRole; readonly value: JudgedValue }[],
  tool: ToolDescription,
): boolean {
  const others = values.filter(({ value }) => value.standing !== 'named' && value.standing !== 'looked_up');
  const [first, ...more] = others.filter(({ role }) => role !== 'time');
  return first === undefined || (more.length === 0 && first.role === 'object' && isOfList(first.value, tool));
}

/** Whom or what a thing is for, by a number or name of theirs: `record_number`, `patient_id`. Not what is ordered. */
const concerned = stems(
  'record patient case client customer guest passenger member student pupil tenant resident employee staff person animal pet vehicle',
);
const references = new Set(['id', 'number', 'no', 'nr', 'ref']);

/** Such a reference that a result gave for what the person named; a word that the tool itself is about is none. */
export function isReference({ argument, text, standing, finding }: JudgedValue, tool: ToolDescription): boolean {
  const words = wordsOfName(argument);
  const [last = ''] = words.slice(-1);
  const of = words.slice(0, -1).map(stem);
  return (
    (standing === 'found' || standing === 'looked_up') &&
    references.has(last) &&
    /^(?=.*\d)[\p{L}\d-]{1,24}$/u.test(text) &&
    finding.sources.some(
      ({ isNamed, about = [] }) =>
        isNamed === true &&
        about.some((noun) => concerned.has(noun)) &&
        about.every((noun) => concerned.has(noun) || neutral.has(noun)),
    ) &&
    of.length > 0 &&
    of.every((word) => concerned.has(word) && !tool.nouns.some((noun) => isSameKind(noun, word)))
  );
}

export function isPlaceName(name: string): boolean {
  return wordsOfName(name).some((word) => placeNouns.has(stem(word)));
}

const fileEndings = new Set(
  'txt doc docx pdf xls xlsx ppt pptx csv md json yaml yml xml html png jpg jpeg gif svg zip tar gz js ts tsx jsx py rb go rs java c h cpp sh sql log ini cfg toml lock ics eml'.split(
    ' ',
  ),
);

/** `notes.txt` has the form of a host name. */
export function isFileName(form: string): boolean {
  const host = hostOf(form) ?? '';
  return form === `web:${host}` && !host.startsWith('www.') && fileEndings.has(host.split('.').at(-1) ?? '');
}

export function numberOf(text: string): number {
  const value = Math.ceil(Math.abs(Number(text.replaceAll(/[^\d.eE+-]/g, ''))));
  return Number.isFinite(value) ? value : Number.MAX_SAFE_INTEGER;
}

/** The same tool, for the same whom, with content of the same kind (the same words where they are the person's). */
export function questionKey(
  toolName: string,
  destinations: readonly JudgedValue[],
  {
    content,
    contents,
    objects,
  }: { content: string; contents: readonly JudgedValue[]; objects: readonly JudgedValue[] },
): string {
  const words = (values: readonly JudgedValue[]): string[] =>
    values.map(({ text }) => plainSpelling(text).slice(0, 200)).toSorted();
  return JSON.stringify([toolName, words(destinations), words(objects), content, words(contents)]).slice(0, 8000);
}
