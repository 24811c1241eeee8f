import { EventSearchError } from './errors.ts';
import { isNetwork } from './filter-condition.ts';
import type { EventFilter, Filter } from './search-request.ts';

/**
 * What people type: `class:1007 user:alice raw.Image:*\cmd.exe -host:web1 "free text"`. Terms are all required.
 *
 *     field:value      equal, in any case; `*` and `?` are wildcards, `\*` and `\?` the signs themselves
 *     field:"a value"  equal, exactly what stands in quotes (`\"` and `\\` inside)
 *     field:(a b "c d")  equal to one of them
 *     field:>5  >=5  <5  <=5   numbers and times
 *     field:*          has a value
 *     field:10.0.0.0/8 an address in the network
 *     word  "words"    in the text of the event
 *     -term            not
 *
 * Throws `EventSearchError` `query_invalid` for an open quote or bracket or a field without a value; everything else has a meaning.
 */
export function parseQuery(query: string): Required<Pick<EventFilter, 'where' | 'text' | 'excludedTexts'>> {
  if (query.length > maxCharacters)
    throw invalid(`it has ${query.length} characters, must have at most ${maxCharacters}`);
  const where: Filter[] = [];
  const texts: string[] = [];
  const excludedTexts: string[] = [];
  const reader = createReader(query);
  for (reader.skipSpace(); !reader.isAtEnd(); reader.skipSpace()) {
    const negated = reader.take('-');
    const field = reader.takeField();
    if (field !== undefined) {
      where.push({ field, ...comparison(field, reader), ...(negated && { negated }) });
      continue;
    }
    const { text } = reader.takeValue();
    if (text === '' && !negated) continue;
    (negated ? excludedTexts : texts).push(text);
  }
  return { where, text: texts.join(' '), excludedTexts: excludedTexts.filter((text) => text !== '') };
}

const maxCharacters = 8192;

type Value = { readonly text: string; readonly isQuoted: boolean };
type Reader = ReturnType<typeof createReader>;

function createReader(query: string) {
  let at = 0;
  const quoted = (): string => {
    const start = at;
    let text = '';
    for (at += 1; query[at] !== '"'; at += 1) {
      if (at >= query.length) throw invalid(`the quote at character ${start + 1} must be closed`);
      if (query[at] === '\\' && (query[at + 1] === '"' || query[at + 1] === '\\')) at += 1;
      text += query[at];
    }
    at += 1;
    return text;
  };
  const match = (pattern: RegExp): string | undefined => {
    const sticky = new RegExp(pattern.source, 'uy');
    sticky.lastIndex = at;
    const found = sticky.exec(query)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  return {
    isAtEnd: () => at >= query.length,
    place: () => at + 1,
    skipSpace: () => void match(/\s+/),
    take: (sign: string): boolean => {
      if (!query.startsWith(sign, at)) return false;
      at += sign.length;
      return true;
    },
    /** A name before a colon. `C:\…` and `https://…` are text. */
    takeField: (): string | undefined =>
      match(/[A-Za-z_@][\w@$.-]*:(?!\/\/)(?<!(?:^|[\s-])[A-Za-z]:(?=\\))/)?.slice(0, -1),
    takeValue: (end = /[^\s]+/): Value => {
      if (query[at] === '"') return { text: quoted(), isQuoted: true };
      return { text: match(end) ?? '', isQuoted: false };
    },
  };
}

function comparison(field: string, reader: Reader): Pick<Filter, 'op' | 'value'> {
  if (reader.take('(')) return { op: 'in', value: list(field, reader) };
  for (const [sign, op] of comparisons) {
    if (reader.take(sign)) return { op, value: present(field, reader.takeValue(), reader).text };
  }
  const value = present(field, reader.takeValue(), reader);
  if (value.isQuoted) return { op: 'eq', value: value.text };
  if (value.text === '*') return { op: 'exists' };
  if (isNetwork(value.text)) return { op: 'cidr', value: value.text };
  return /[*?]/.test(value.text) ? { op: 'wildcard', value: value.text } : { op: 'eq', value: value.text };
}

const comparisons = [
  ['>=', 'gte'],
  ['<=', 'lte'],
  ['>', 'gt'],
  ['<', 'lt'],
] as const;

function list(field: string, reader: Reader): string[] {
  const start = reader.place();
  const values: string[] = [];
  for (reader.skipSpace(); !reader.take(')'); reader.skipSpace()) {
    if (reader.isAtEnd()) throw invalid(`the bracket before character ${start} must be closed`);
    values.push(reader.takeValue(/[^\s)]+/).text);
  }
  if (values.length === 0) throw invalid(`field "${field}" must have a value in its brackets`);
  return values;
}

function present(field: string, value: Value, reader: Reader): Value {
  if (value.text !== '' || value.isQuoted) return value;
  throw invalid(`field "${field}" must have a value at character ${reader.place()}`);
}

function invalid(why: string): EventSearchError {
  return new EventSearchError('query_invalid', `Cannot read the query: ${why}`, {
    hint: 'put text with spaces, quotes or colons in quotes',
  });
}
