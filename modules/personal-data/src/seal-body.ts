import {
  escapeLiteral,
  isJsonObject,
  looksSealed,
  maxTokenKeys,
  parseJson,
  sealedBodyMark,
} from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { createTokenSealer } from './string-token.ts';
import type { SubjectKey, TokenSealer } from './string-token.ts';
import { createValueSearch } from './value-search.ts';

/** A value found in an event, as it stands there, and whose it is. */
export type FoundValue = { readonly written: string; readonly key: SubjectKey };

const mark = String.fromCharCode(sealedBodyMark);
/** More strings than that, or a body longer than that, are sealed as one. */
const maxTokens = 1000;
const maxSealedBytes = 2 * 1024 * 1024;
/** Signs of text times signs of values; looking for more would hold up everybody else. */
const maxSearchWork = 2 ** 27;
const workOfValue = 16;

/**
 * The marked body: every string of the JSON text that holds one of the values, and `raw_data` whenever there is a value at all,
 * replaced by a token; where there is too much to look for, one token for all of it. Names of fields are sealed below `unmapped` alone, where the sender chose them. The rest of the text stays
 * byte for byte.
 */
export function sealBody(text: string, values: readonly FoundValue[], random: (bytes: number) => Buffer): string {
  const everybody = keysOf(values);
  const seal = createTokenSealer(random);
  const work = text.length * values.reduce((sum, { written }) => sum + written.length + workOfValue, 0);
  if (work > maxSearchWork) return sealWhole(text, everybody, seal);
  const search = createValueSearch(values.map(({ written }) => written));
  const parts: string[] = [mark];
  let done = 0;
  let tokens = 0;
  let length = 1;
  const add = (part: string): void => {
    parts.push(part);
    length += part.length;
  };
  for (const literal of literalsOf(text)) {
    const { start, end, isRawData, isName, isSendersName } = literal;
    const source = text.slice(start, end);
    let replaced: string | undefined;
    if (!isName || isSendersName) {
      const found = isRawData ? undefined : search.find(readLiteral(source));
      const keys = isRawData
        ? everybody
        : keysOf((found ?? []).map((at) => values[at]).filter((one) => one !== undefined));
      if (keys.length > 0) {
        replaced = seal({ keys, plain: source, holds: 'literal' });
        tokens += 1;
      }
    }
    replaced ??= looksSealed(source) ? escapeLiteral(source) : undefined;
    if (replaced === undefined) continue;
    add(text.slice(done, start));
    add(replaced);
    done = end;
    if (tokens > maxTokens || length > maxSealedBytes) return sealWhole(text, everybody, seal);
  }
  add(text.slice(done));
  const sealed = parts.join('');
  return Buffer.byteLength(sealed) > maxSealedBytes ? sealWhole(text, everybody, seal) : sealed;
}

/** What is left readable is what the ledger's leaf says anyway, and what sorts an event in. */
function sealWhole(text: string, keys: readonly SubjectKey[], seal: TokenSealer): string {
  const token = seal({ keys, plain: text.trimStart(), holds: 'body' });
  const event = parseJson(text);
  const kept = isJsonObject(event) ? event : {};
  const numbers = ['class_uid', 'category_uid', 'type_uid', 'activity_id', 'severity_id', 'time'].flatMap((name) =>
    typeof kept[name] === 'number' ? [`"${name}":${kept[name]},`] : [],
  );
  // Who may not read audit records must be able to tell that this is one.
  const { metadata } = kept;
  const isAudit = isJsonObject(metadata) && metadata['log_name'] === 'audit' && kept['raw_data'] === undefined;
  const about = `{"version":"1.8.0"${isAudit ? ',"log_name":"audit"' : ''}}`;
  return `${mark}{${numbers.join('')}"metadata":${about},"message":${token}}`;
}

/** Each key once, in the order of its id. */
function keysOf(values: readonly FoundValue[]): SubjectKey[] {
  const byId = new Map(values.map(({ key }) => [key.id, key]));
  return [...byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, maxTokenKeys);
}

function readLiteral(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  const value: JsonValue = parseJson(literal);
  return typeof value === 'string' ? value : '';
}

type Literal = {
  readonly start: number;
  /** After the closing quote. */
  readonly end: number;
  readonly isName: boolean;
  readonly isSendersName: boolean;
  readonly isRawData: boolean;
};

/** The string literals of a JSON text, in order. The text must be JSON. */
function* literalsOf(text: string): Generator<Literal> {
  let depth = 0;
  let after = 0;
  /** The member of the event we are in, names of depth 1 alone. */
  let member = '';
  for (let start = text.indexOf('"'); start !== -1; start = text.indexOf('"', after)) {
    for (let at = after; at < start; at += 1) {
      const sign = text[at];
      if (sign === '{' || sign === '[') depth += 1;
      else if (sign === '}' || sign === ']') depth -= 1;
    }
    const end = endOfLiteral(text, start);
    const isName = isFollowedByColon(text, end);
    const isSendersName = isName && depth > 1 && member === '"unmapped"';
    yield { start, end, isName, isSendersName, isRawData: !isName && depth === 1 && member === '"raw_data"' };
    if (isName && depth === 1) member = text.slice(start, end);
    after = end;
  }
}

function endOfLiteral(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text[quote - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

function isFollowedByColon(text: string, end: number): boolean {
  let at = end;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return text[at] === ':';
}
