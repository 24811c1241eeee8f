import type { EventSearchError } from './errors.ts';
import { isNetwork } from './filter-condition.ts';
import { createQueryReader, queryInvalid } from './query-reader.ts';
import type { QueryReader, QueryValue } from './query-reader.ts';
import { readStage, type QueryStage } from './query-stages.ts';
import { searchLimits } from './search-request.ts';
import type { Condition, Filter } from './search-request.ts';

/**
 * `condition` is undefined when nothing was typed. `hints`: what is understood in a way its writer may not have meant;
 * `emptyHints`: what is worth saying only where nothing was found.
 */
export type ParsedQuery = {
  readonly condition: Condition | undefined;
  /** What becomes of the events; without it they are listed. */
  readonly stage?: QueryStage;
  readonly hints: readonly string[];
  readonly emptyHints: readonly string[];
};

/**
 * What people type: `class:1007 (user:alice OR user:bob) raw.Image:*\cmd.exe -host:web1 "free text"`.
 *
 *     any   = all { "OR" all }
 *     all   = term { ["AND"] term }
 *     term  = { "NOT" | "-" } ( "(" any ")" | field ":" value | text )
 *
 *     field:value      equal, in any case; `*` and `?` are wildcards, `\*` and `\?` the signs themselves. Any other
 *                      backslash stands for itself: two are two, as in `\\server\share`
 *     field:"a value"  equal, exactly what stands in quotes (`\"` and `\\` inside)
 *     field:(a b "c d")  equal to one of them; `OR` may stand between
 *     field:>5  >=5  <5  <=5   numbers and times
 *     field:*          has a value
 *     field:10.0.0.0/8 an address in the network
 *     word  "a phrase" in the text of the event; in quotes in this order
 *     … | stage        a table of them, see `QueryStage`
 *
 * AND binds closer than OR. The words of the language are capitals; in quotes they are text. Throws `EventSearchError`
 * `query_invalid` for an open quote or bracket, a field without a value, an operator without a term, and what is over the limits.
 */
export function parseQuery(query: string): ParsedQuery {
  if (query.length > maxCharacters)
    throw queryInvalid(`it has ${query.length} characters, must have at most ${maxCharacters}`);
  const state: State = {
    reader: createQueryReader(query),
    hints: new Set(),
    emptyHints: new Set(),
    open: [],
    terms: 0,
  };
  const { reader } = state;
  reader.skipSpace();
  if (reader.isAtEnd()) return { condition: undefined, hints: [], emptyHints: [] };
  const condition = reader.isAtPipe() ? undefined : any(state, 0);
  if (reader.isAtPipe())
    return { condition, stage: readStage(reader), hints: [...state.hints], emptyHints: [...state.emptyHints] };
  if (!state.reader.isAtEnd())
    throw queryInvalid(
      `the bracket at character ${state.reader.place()} closes none that is open`,
      `take it away, or put the text with it in quotes`,
    );
  return { condition, hints: [...state.hints], emptyHints: [...state.emptyHints] };
}

const maxCharacters = 8192;
const maxTerms = searchLimits.maxFilters + searchLimits.maxWords;

type State = {
  readonly reader: QueryReader;
  readonly hints: Set<string>;
  readonly emptyHints: Set<string>;
  /** Where the brackets stand that are not closed yet, the innermost last. */
  readonly open: number[];
  terms: number;
};

function any(state: State, depth: number): Condition {
  const parts = [all(state, depth)];
  while (state.reader.takeKeyword('OR')) parts.push(all(state, depth));
  return joined('any', parts);
}

function all(state: State, depth: number): Condition {
  const { reader } = state;
  const parts = [term(state, depth)];
  for (reader.skipSpace(); !isOver(reader); reader.skipSpace()) {
    reader.takeKeyword('AND');
    parts.push(term(state, depth));
  }
  return joined('all', parts);
}

/** Whether a run of terms ends here; takes nothing. */
function isOver(reader: QueryReader): boolean {
  if (reader.isAtEnd() || reader.isAt(')') || reader.isAtPipe()) return true;
  return reader.isAtKeyword('OR');
}

function term(state: State, depth: number): Condition {
  const { reader } = state;
  reader.skipSpace();
  const start = reader.place();
  if (
    reader.isAtEnd() ||
    reader.isAt(')') ||
    reader.isAtPipe() ||
    reader.isAtKeyword('OR') ||
    reader.isAtKeyword('AND')
  )
    throw missingTerm(state);
  if (depth > searchLimits.maxDepth)
    throw queryInvalid(`its brackets are too deep, must be at most ${searchLimits.maxDepth}`);
  if (reader.takeKeyword('NOT') || reader.takeMinus()) return { kind: 'not', part: term(state, depth + 1) };
  if (reader.take('(')) {
    state.open.push(start);
    const inner = any(state, depth + 1);
    if (!reader.take(')')) throw notClosed(start);
    state.open.pop();
    return inner;
  }
  state.terms += 1;
  if (state.terms > maxTerms) throw queryInvalid(`it has more than ${maxTerms} terms`);
  const field = reader.takeField();
  if (field !== undefined) return comparison(field, state);
  const { text, isQuoted } = reader.takeValue();
  if (!isQuoted && /^(?:and|or|not)$/i.test(text))
    state.hints.add(`“${text}” was searched for as a word; the operators are AND, OR and NOT, in capitals`);
  return isQuoted ? { kind: 'text', text, isPhrase: true } : { kind: 'text', text };
}

function joined(kind: 'all' | 'any', parts: readonly Condition[]): Condition {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind, parts };
}

function missingTerm({ reader, open }: State): EventSearchError {
  const [place, bracket] = [reader.place(), open.at(-1)];
  if ((reader.isAtEnd() || reader.isAtPipe()) && bracket !== undefined) return notClosed(bracket);
  if (reader.isAt(')') && bracket === place - 1)
    return queryInvalid(`the brackets at character ${bracket} hold nothing`, 'take them away, or put them in quotes');
  return queryInvalid(
    `a term must stand at character ${place}`,
    'AND, OR, NOT and - are followed by what they are about; in quotes they are words',
  );
}

function notClosed(place: number): EventSearchError {
  return queryInvalid(
    `the bracket opened at character ${place} is not closed`,
    'close it with ), or put the text with it in quotes',
  );
}

function comparison(field: string, state: State): Condition {
  const { reader } = state;
  const filter = (op: Filter['op'], value: string): Condition => ({ kind: 'filter', filter: { field, op, value } });
  if (reader.take('(')) {
    const values = list(field, reader);
    for (const value of values) noteBackslashes(field, value, state);
    const isPlain = values.every((value) => value.isQuoted || (!/[*?]/.test(value.text) && !isNetwork(value.text)));
    if (isPlain) return { kind: 'filter', filter: { field, op: 'in', value: values.map(({ text }) => text) } };
    return joined(
      'any',
      values.map((value) => alike(field, value)),
    );
  }
  for (const [sign, op] of comparisons) {
    if (reader.take(sign)) return filter(op, present(field, reader.takeValue(), reader).text);
  }
  const value = present(field, reader.takeValue(), reader);
  noteBackslashes(field, value, state);
  return alike(field, value);
}

/** Doubled out of habit: only within quotes, and before a wildcard sign, two backslashes mean one. */
function noteBackslashes(field: string, { text, isQuoted }: QueryValue, { emptyHints }: State): void {
  const single = text.replaceAll(/\\\\(?![*?])/g, '\\');
  if (isQuoted || single === text) return;
  emptyHints.add(
    `“${shorten(`${field}:${text}`)}” asks for two backslashes in a row; outside quotes one is written as one: ${shorten(`${field}:${single}`)}`,
  );
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 120).toWellFormed()}…`;
}

/** As a value says it: exactly in quotes, else with wildcards, as a network, or equal. */
function alike(field: string, { text, isQuoted }: QueryValue): Condition {
  if (!isQuoted && text === '*') return { kind: 'filter', filter: { field, op: 'exists' } };
  const op = isQuoted ? 'eq' : isNetwork(text) ? 'cidr' : /[*?]/.test(text) ? 'wildcard' : 'eq';
  return { kind: 'filter', filter: { field, op, value: text } };
}

const comparisons = [
  ['>=', 'gte'],
  ['<=', 'lte'],
  ['>', 'gt'],
  ['<', 'lt'],
] as const;

function list(field: string, reader: QueryReader): QueryValue[] {
  const start = reader.place();
  const values: QueryValue[] = [];
  for (reader.skipSpace(); !reader.take(')'); reader.skipSpace()) {
    if (reader.isAtEnd()) throw notClosed(start - 1);
    if (reader.takeKeyword('OR')) continue;
    if (reader.isAtKeyword('AND') || reader.isAtKeyword('NOT'))
      throw queryInvalid(`field "${field}" must have a list of values in its brackets`);
    values.push(reader.takeValue());
  }
  if (values.length === 0) throw queryInvalid(`field "${field}" must have a value in its brackets`);
  return values;
}

function present(field: string, value: QueryValue, reader: QueryReader): QueryValue {
  if (value.text !== '' || value.isQuoted) return value;
  throw queryInvalid(`field "${field}" must have a value at character ${reader.place()}`);
}
