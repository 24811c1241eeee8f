import { isNetwork } from './filter-condition.ts';
import { createQueryReader, queryInvalid } from './query-reader.ts';
import type { QueryReader, QueryValue } from './query-reader.ts';
import { searchLimits } from './search-request.ts';
import type { Condition, Filter } from './search-request.ts';

/** `condition` is undefined when nothing was typed. `hints`: what is understood in a way its writer may not have meant. */
export type ParsedQuery = { readonly condition: Condition | undefined; readonly hints: readonly string[] };

/**
 * What people type: `class:1007 (user:alice OR user:bob) raw.Image:*\cmd.exe -host:web1 "free text"`.
 *
 *     any   = all { "OR" all }
 *     all   = term { ["AND"] term }
 *     term  = { "NOT" | "-" } ( "(" any ")" | field ":" value | text )
 *
 *     field:value      equal, in any case; `*` and `?` are wildcards, `\*` and `\?` the signs themselves
 *     field:"a value"  equal, exactly what stands in quotes (`\"` and `\\` inside)
 *     field:(a b "c d")  equal to one of them; `OR` may stand between
 *     field:>5  >=5  <5  <=5   numbers and times
 *     field:*          has a value
 *     field:10.0.0.0/8 an address in the network
 *     word  "words"    in the text of the event
 *
 * AND binds closer than OR. The words of the language are capitals; in quotes they are text. Throws `EventSearchError`
 * `query_invalid` for an open quote or bracket, a field without a value, an operator without a term, and what is over the limits.
 */
export function parseQuery(query: string): ParsedQuery {
  if (query.length > maxCharacters)
    throw queryInvalid(`it has ${query.length} characters, must have at most ${maxCharacters}`);
  const state: State = { reader: createQueryReader(query), hints: new Set(), terms: 0 };
  state.reader.skipSpace();
  if (state.reader.isAtEnd()) return { condition: undefined, hints: [] };
  const condition = any(state, 0);
  if (!state.reader.isAtEnd())
    throw queryInvalid(`the bracket at character ${state.reader.place()} closes none that is open`);
  return { condition, hints: [...state.hints] };
}

const maxCharacters = 8192;
const maxTerms = searchLimits.maxFilters + searchLimits.maxWords;

type State = { readonly reader: QueryReader; readonly hints: Set<string>; terms: number };

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
  if (reader.isAtEnd() || reader.isAt(')')) return true;
  return reader.isAtKeyword('OR');
}

function term(state: State, depth: number): Condition {
  const { reader } = state;
  reader.skipSpace();
  const start = reader.place();
  if (reader.isAtEnd() || reader.isAt(')') || reader.isAtKeyword('OR') || reader.isAtKeyword('AND'))
    throw queryInvalid(`a term must stand at character ${start}`);
  if (depth > searchLimits.maxDepth)
    throw queryInvalid(`its brackets are too deep, must be at most ${searchLimits.maxDepth}`);
  if (reader.takeKeyword('NOT') || reader.takeMinus()) return { kind: 'not', part: term(state, depth + 1) };
  if (reader.take('(')) {
    const inner = any(state, depth + 1);
    if (!reader.take(')')) throw queryInvalid(`the bracket at character ${start} must be closed`);
    return inner;
  }
  state.terms += 1;
  if (state.terms > maxTerms) throw queryInvalid(`it has more than ${maxTerms} terms`);
  const field = reader.takeField();
  if (field !== undefined) return comparison(field, reader);
  const { text, isQuoted } = reader.takeValue();
  if (!isQuoted && /^(?:and|or|not)$/i.test(text))
    state.hints.add(`“${text}” was searched for as a word; the operators are AND, OR and NOT, in capitals`);
  return { kind: 'text', text };
}

function joined(kind: 'all' | 'any', parts: readonly Condition[]): Condition {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind, parts };
}

function comparison(field: string, reader: QueryReader): Condition {
  const filter = (op: Filter['op'], value: string): Condition => ({ kind: 'filter', filter: { field, op, value } });
  if (reader.take('(')) {
    const values = list(field, reader);
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
  return alike(field, present(field, reader.takeValue(), reader));
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
    if (reader.isAtEnd()) throw queryInvalid(`the bracket before character ${start} must be closed`);
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
