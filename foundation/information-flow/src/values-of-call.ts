import type { ToolDescription } from './describe-tool.ts';
import { isSameKind } from './mandate-lexicon.ts';
import { hostOf, plainSpelling } from './spellings.ts';
import type { JudgedValue } from './standing.ts';
import { placeNouns } from './tool-lexicon.ts';
import { stem, stems, wordsOfName } from './word-stems.ts';

// Small questions about the values of a call.

const writtenByOthers = stems('review comment message email mail post inbox news feed page');

/** `Alto Porto` of `list_hotels`, for `book_hotel`; what people write of hotels is no such list. */
export function isOfList({ standing, finding }: JudgedValue, tool: ToolDescription): boolean {
  if (standing === 'named' || standing === 'looked_up') return true;
  return (
    standing === 'found' &&
    finding.sources.some(
      ({ isNamed, about = [] }) =>
        isNamed === true &&
        about.some((noun) => tool.nouns.some((own) => isSameKind(noun, own))) &&
        !about.some((noun) => writtenByOthers.has(noun)),
    )
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
