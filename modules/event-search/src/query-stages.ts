import { queryInvalid, type QueryReader } from './query-reader.ts';
import { searchLimits } from './search-request.ts';

/**
 * What becomes of the events of a query, behind a `|` between spaces:
 *
 *     count [by FIELD, …]            how many, of each combination of values
 *     group by FIELD, …              the same with the first and the last time
 *     first seen by FIELD, …         when and where each was first seen, the newest first: what is new
 *     last seen by FIELD, …          when and where each was last seen, the oldest first: what fell silent
 *     top [N] FIELD   rare [N] FIELD the most or least frequent values
 *     timechart [SPAN] [by FIELD]    how many over time; SPAN such as 5m, 1h, 1d
 *     head N                         behind one of these: so many rows
 */
export type QueryStage =
  | { readonly kind: 'count' | 'group' | 'first' | 'last'; readonly by: readonly string[]; readonly limit: number }
  | { readonly kind: 'top' | 'rare'; readonly by: readonly [string]; readonly limit: number }
  | {
      readonly kind: 'timechart';
      readonly spanMs: number | undefined;
      readonly by: readonly string[];
      readonly limit: number;
    };

const stageLimits = { fields: 4, rows: 1000, defaultRows: 100, frequent: 20 } as const;

const kinds = ['count', 'group', 'first', 'last', 'top', 'rare', 'timechart'] as const;
const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `| stage [| head N]` to the end. Throws `EventSearchError` `query_invalid`. */
export function readStage(reader: QueryReader): QueryStage {
  reader.takePipe();
  const words = wordsOf(reader);
  const stage = stageOf(words);
  words.end(stage.kind);
  if (!reader.takePipe()) return stage;
  const rest = wordsOf(reader);
  if (rest.next() !== 'head')
    throw queryInvalid('behind its table only "head N" may stand', `as in … | ${stage.kind} … | head 10`);
  const limit = rest.number(stageLimits.rows) ?? fail('"head" must have a number');
  rest.end('head');
  if (reader.takePipe()) throw queryInvalid('nothing may stand behind "head"', 'a query has one table');
  return { ...stage, limit };
}

function stageOf(words: Words): QueryStage {
  const name = words.next();
  const kind = kinds.find((one) => one === name?.toLowerCase());
  switch (kind) {
    case 'count':
      return { kind, by: words.isAt('by') ? words.fields() : [], limit: stageLimits.defaultRows };
    case 'group':
      return { kind, by: words.fields(), limit: stageLimits.defaultRows };
    case 'first':
    case 'last':
      if (words.next() !== 'seen') fail(`"${kind}" must be followed by "seen by" and a field`);
      return { kind, by: words.fields(), limit: stageLimits.defaultRows };
    case 'top':
    case 'rare': {
      const limit = words.number(stageLimits.rows) ?? stageLimits.frequent;
      return { kind, by: [words.next() ?? fail(`"${kind}" must have a field`)], limit };
    }
    case 'timechart': {
      const spanMs = words.span();
      return { kind, spanMs, by: words.isAt('by') ? words.fields(1) : [], limit: searchLimits.maxBuckets };
    }
    default:
      throw queryInvalid(
        name === undefined ? 'a stage must stand behind |' : `there is no stage "${name.slice(0, 40)}"`,
        `stages are ${kinds.join(', ')}; a | in text goes in quotes`,
      );
  }
}

type Words = ReturnType<typeof wordsOf>;

/** The words up to the next pipe or the end; a comma is one of its own. */
function wordsOf(reader: QueryReader) {
  const words: string[] = [];
  for (reader.skipSpace(); !reader.isAtEnd() && !reader.isAtPipe(); reader.skipSpace()) {
    if (words.length > 32) throw queryInvalid('a stage has too many words');
    words.push(reader.takeStageWord() ?? fail(`a name must stand at character ${reader.place()}`));
  }
  let at = 0;
  const next = (): string | undefined => words[at++];
  return {
    next,
    isAt: (word: string) => words[at]?.toLowerCase() === word,
    number(most: number): number | undefined {
      const word = words[at];
      if (word === undefined || !/^\d{1,6}$/.test(word)) return undefined;
      at += 1;
      if (Number(word) < 1 || Number(word) > most) fail(`${word} must be a number from 1 to ${most}`);
      return Number(word);
    },
    span(): number | undefined {
      const [, count, unit = ''] = /^(\d{1,4})([smhd])$/.exec(words[at] ?? '') ?? [];
      const unitMs = units[unit];
      if (count === undefined || unitMs === undefined) return undefined;
      at += 1;
      if (Number(count) === 0) fail('its span must be longer than nothing');
      return Number(count) * unitMs;
    },
    /** `by a, b c`: commas may be left out. */
    fields(most: number = stageLimits.fields): readonly string[] {
      if (next()?.toLowerCase() !== 'by') fail('"by" and a field must stand here');
      const fields = words.slice(at).filter((word) => word !== ',');
      at = words.length;
      if (fields.length === 0 || fields.length > most)
        fail(`${fields.length} fields stand behind "by", must be 1 to ${most}`);
      return [...new Set(fields)];
    },
    end(stage: string): void {
      if (at < words.length)
        fail(`"${(words[at] ?? '').slice(0, 40)}" stands behind "${stage}" and means nothing there`);
    },
  };
}

function fail(why: string): never {
  throw queryInvalid(why, 'as in … | count by user, host   … | top 10 process   … | timechart 1h by class');
}
