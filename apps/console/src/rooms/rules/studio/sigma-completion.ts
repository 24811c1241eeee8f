import type { Answer } from '../../../api/call.ts';
import { sigmaPlace } from './sigma-place.ts';
import type { SigmaPlace } from './sigma-place.ts';

export type Vocabulary = Answer<'GET /v1/rules/vocabulary'>;

/** Something that may be written here. */
export type Suggestion = {
  readonly label: string;
  /** What is put in; the label when undefined. */
  readonly insert?: string;
  readonly kind: 'key' | 'modifier' | 'field' | 'value';
  readonly help?: string;
};
export type Suggestions = { readonly from: number; readonly options: readonly Suggestion[] };

const conditionWords = [
  { label: '1 of them', help: 'Any of the searches.' },
  { label: 'all of them', help: 'Every one of the searches.' },
  { label: '1 of selection_*', help: 'Any of the searches with such a name.' },
  { label: 'all of selection_*', help: 'Every one of the searches with such a name.' },
  { label: 'not ', help: 'What must not hold.' },
  { label: 'and ', help: 'Both.' },
  { label: 'or ', help: 'Either.' },
];
const correlationTypes = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
];

/** What may stand at the cursor, most likely first. */
export function suggestionsAt(text: string, at: number, vocabulary: Vocabulary): Suggestions | undefined {
  const place = sigmaPlace(text, at);
  const found = place.kind === 'key' ? keysAt(place, vocabulary) : valuesAt(place, text, vocabulary);
  return found.options.length === 0 ? undefined : found;
}

/** What a word of the text means; undefined where nobody knows. */
export function helpAt(text: string, at: number, vocabulary: Vocabulary): string | undefined {
  const start = at - (/[\w.|-]*$/.exec(text.slice(0, at))?.[0].length ?? 0);
  const word = /^[\w.|-]+/.exec(text.slice(start))?.[0];
  if (word === undefined) return undefined;
  const { path } = sigmaPlace(text, start);
  const [field, ...modifiers] = word.split('|');
  if (path[0] === 'detection' && modifiers.length > 0) {
    const lines = modifiers.flatMap((name) => vocabulary.modifiers.find((one) => one.name === name) ?? []);
    if (lines.length > 0) return lines.map(({ name, help }) => `${name}: ${help}`).join('\n');
  }
  const above = path[0] ?? '';
  const key = vocabulary.keys.find(
    ({ in: under, name }) => name === field && under === (path.length <= 1 ? above : ''),
  );
  return key === undefined ? undefined : `${key.name}: ${key.help}`;
}

function keysAt(place: SigmaPlace, vocabulary: Vocabulary): Suggestions {
  const { path, prefix, from } = place;
  const [top] = path;
  const isSearch = (top === 'detection' || top === 'filter') && path.length >= 2;
  const bar = prefix.lastIndexOf('|');
  if (isSearch && bar >= 0) {
    const used = new Set(prefix.split('|').slice(1, -1));
    const options = vocabulary.modifiers
      .filter(({ name }) => !used.has(name))
      .map(({ name, help }): Suggestion => ({ label: name, kind: 'modifier', help }));
    return { from: from + bar + 1, options };
  }
  if (isSearch) return { from, options: fieldsOf(place, vocabulary) };
  const under = path.length === 0 ? '' : path.length === 1 ? (top ?? '') : undefined;
  const options = vocabulary.keys
    .filter((key) => key.in === under)
    .map(({ name, help }): Suggestion => ({ label: name, insert: `${name}: `, kind: 'key', help }));
  return { from, options };
}

/** Fields that rules for this log source ask of; those of fitting ones first. */
function fieldsOf({ logSource }: SigmaPlace, vocabulary: Vocabulary): Suggestion[] {
  const fits = (source: Vocabulary['log_sources'][number]): boolean =>
    (logSource.category === undefined || source.category === logSource.category) &&
    (logSource.product === undefined || source.product === undefined || source.product === logSource.product) &&
    (logSource.category !== undefined || logSource.service === undefined || source.service === logSource.service);
  const fields = new Set(vocabulary.log_sources.filter(fits).flatMap((source) => source.fields));
  return [...fields].map((label): Suggestion => ({ label, kind: 'field' }));
}

function valuesAt(place: SigmaPlace, text: string, vocabulary: Vocabulary): Suggestions {
  const { path, key, prefix, from, logSource } = place;
  const [top] = path;
  const values = (labels: readonly string[]): Suggestions => ({
    from,
    options: labels.map((label): Suggestion => ({ label, kind: 'value' })),
  });
  if (path.length === 0 && key === 'level') return values(vocabulary.levels);
  if (path.length === 0 && key === 'status') return values(vocabulary.statuses);
  if (path.length === 0 && key === 'tags') return values(vocabulary.tags);
  if (top === 'logsource' && (key === 'category' || key === 'product' || key === 'service')) {
    const others = (['category', 'product', 'service'] as const).filter((one) => one !== key);
    const fitting = vocabulary.log_sources.filter((source) =>
      others.every(
        (one) => logSource[one] === undefined || source[one] === undefined || source[one] === logSource[one],
      ),
    );
    return values([...new Set(fitting.flatMap((source) => source[key] ?? []))]);
  }
  if (top === 'correlation' && key === 'type') return values(correlationTypes);
  if ((top === 'detection' || top === 'filter') && key === 'condition') {
    const word = /\S*$/.exec(prefix)?.[0] ?? '';
    const searches = searchesIn(text).map((label): Suggestion => ({
      label,
      kind: 'value',
      help: 'A search of this rule',
    }));
    const words = conditionWords.map(({ label, help }): Suggestion => ({ label, kind: 'value', help }));
    return { from: from + prefix.length - word.length, options: [...searches, ...words] };
  }
  return { from, options: [] };
}

/** The names under `detection`, of any document of the text. */
function searchesIn(text: string): string[] {
  const names: string[] = [];
  let inside = false;
  let indent = 0;
  for (const line of text.split('\n')) {
    if (/^(detection|filter)\s*:/.test(line)) {
      inside = true;
      indent = 0;
      continue;
    }
    if (/^\S/.test(line)) inside = false;
    const [, space = '', name] = /^(\s+)([\w-]+)\s*:/.exec(line) ?? [];
    if (!inside || name === undefined) continue;
    if (indent === 0) indent = space.length;
    if (space.length === indent && name !== 'condition' && name !== 'rules') names.push(name);
  }
  return [...new Set(names)];
}
