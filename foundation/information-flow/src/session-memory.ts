import { decodings } from './decode.ts';
import {
  compareOrigins,
  maxSources,
  worstOrigin,
  type AgentOrigin,
  type Finding,
  type FoundHow,
  type Source,
} from './origins.ts';
import { formOf, formsIn, plainSpelling } from './spellings.ts';

/** Characters of one text, of all texts, of a value, and how many texts, forms and parts are kept or looked for. */
export type MemoryLimits = {
  readonly text: number;
  readonly all: number;
  readonly value: number;
  readonly texts: number;
  readonly forms: number;
  readonly parts: number;
};

export const memoryLimits: MemoryLimits = {
  text: 200_000,
  all: 1_000_000,
  value: 20_000,
  texts: 500,
  forms: 5000,
  parts: 24,
};

/**
 * What a session has seen, so that a value of a later call is found again. Bounded in memory and time whatever it is given; what gave way
 * is as if it was never seen, and a value found nowhere is the agent's own and counts as the worst that ever came in: forgetting
 * makes nothing more trusted.
 */
export type SessionMemory = {
  remember(source: Source, text: string): void;
  /** Whose words a value is. */
  find(value: string): Finding;
  /** Sources a value stands in word for word, in any spelling or decoded. */
  sourcesOf(value: string): readonly Source[];
  /** The worst that came in so far. */
  worst(): AgentOrigin;
  /** What the person wrote, in plain spelling, oldest first. */
  prompts(): readonly string[];
  /** Of untrusted sources, those that came in last first; at most `maxSources`. */
  untrusted(): readonly Source[];
};

type Kept = {
  readonly source: Source;
  readonly texts: readonly string[];
  readonly forms: ReadonlySet<string>;
  readonly hiddenForms: ReadonlySet<string>;
  readonly size: number;
};

export function createSessionMemory(limits: MemoryLimits = memoryLimits): SessionMemory {
  const kept: Kept[] = [];
  let size = 0;
  let worst: AgentOrigin = 'person';
  const untrusted: Source[] = [];

  const look = (value: string): { how: FoundHow; sources: Source[] } | undefined => {
    const plain = plainSpelling(value.slice(0, limits.value));
    if (plain === '') return undefined;
    const form = formOf(plain);
    const at = (test: (entry: Kept) => boolean): Source[] =>
      kept
        .filter(test)
        .map(({ source }) => source)
        .toSorted((a, b) => compareOrigins(a.origin, b.origin))
        .slice(0, maxSources);
    const exact = at(({ texts: [text = ''] }) => standsIn(text, plain));
    const spelt = at(({ forms }) => form !== undefined && forms.has(form));
    const hidden =
      exact.length > 0
        ? []
        : at(
            ({ texts: [, ...decoded], hiddenForms }) =>
              decoded.some((text) => standsIn(text, plain)) || (form !== undefined && hiddenForms.has(form)),
          );
    // The most trusted wins: what the person wrote is theirs, however many pages repeat it.
    const how: FoundHow = exact.length > 0 ? 'word for word' : spelt.length > 0 ? 'in another spelling' : 'decoded';
    const sources = [...new Set([...exact, ...spelt, ...hidden])].toSorted((a, b) =>
      compareOrigins(a.origin, b.origin),
    );
    return sources.length === 0 ? undefined : { how, sources: sources.slice(0, maxSources) };
  };

  const lookDecoded = (value: string): { how: FoundHow; sources: Source[] } | undefined => {
    const found = look(value);
    if (found !== undefined) return found;
    for (const decoded of decodings(value.slice(0, limits.value))) {
      const inner = look(decoded);
      if (inner !== undefined) return { how: 'decoded', sources: inner.sources };
    }
    return undefined;
  };

  return {
    remember(source, text) {
      if (source.origin !== 'person' && compareOrigins(source.origin, worst) > 0) worst = source.origin;
      if (source.origin === 'untrusted') {
        untrusted.unshift(source);
        untrusted.splice(maxSources);
      }
      // No value stands in nothing; what came back empty would only push out what did not.
      if (text === '' && source.kind !== 'prompt') return;
      // Of what is too long, the beginning and the end.
      const cut =
        text.length <= limits.text
          ? text
          : `${text.slice(0, limits.text * 0.75)}\n${text.slice(text.length - limits.text * 0.25)}`;
      const decoded = source.origin === 'person' ? [] : decodings(cut).map(plainSpelling);
      const texts = [plainSpelling(cut), ...decoded];
      const forms = formsIn(texts[0] ?? '', limits.forms);
      const hiddenForms = formsIn(decoded.join('\n').slice(0, limits.text), limits.forms);
      const entry = {
        source,
        texts,
        forms,
        hiddenForms,
        size: texts.reduce((sum, { length }) => sum + length, 0) + (forms.size + hiddenForms.size) * 32,
      };
      kept.push(entry);
      size += entry.size;
      while (kept.length > 1 && (size > limits.all || kept.length > limits.texts)) {
        const first = kept.findIndex(({ source: { kind } }, at) => kind !== 'prompt' && at < kept.length - 1);
        const [gone] = kept.splice(Math.max(0, first), 1);
        size -= gone?.size ?? 0;
      }
    },
    find(value) {
      const found = lookDecoded(value);
      const [best] = found?.sources ?? [];
      if (found !== undefined && best !== undefined)
        return { origin: best.origin, how: found.how, sources: found.sources };
      const parts = partsOf(value.slice(0, limits.value)).slice(0, limits.parts);
      const of = parts.map((part) => look(part)?.sources[0]);
      const known = of.filter((source) => source !== undefined);
      // Nobody's parts are the agent's own, and a value with one of them is no better than the worst it saw.
      const isWhole = known.length === of.length && known.length > 1;
      const origin = isWhole ? worstOrigin(known.map((source) => source.origin)) : worst;
      const sources = [...new Set([...known, ...(isWhole ? [] : untrusted)])]
        .toSorted((a, b) => compareOrigins(b.origin, a.origin))
        .slice(0, maxSources);
      return { origin, how: known.length > 0 ? 'in parts' : 'nowhere', sources };
    },
    sourcesOf: (value) => lookDecoded(value)?.sources ?? [],
    worst: () => worst,
    prompts: () =>
      kept.flatMap(({ source: { kind, origin }, texts: [text = ''] }) =>
        kind === 'prompt' && origin === 'person' ? [text] : [],
      ),
    untrusted: () => untrusted,
  };
}

const wordCharacter = /[\p{L}\p{N}_]/u;
const maxPlaces = 2000;

/**
 * Whether a value stands in a text as a whole: not inside a longer word, and not as part of an address (`bob` is not in `bob@example.org`,
 * nor `example.com` in `example.com.evil.org`).
 */
function standsIn(text: string, value: string): boolean {
  return placesOf(text, value, 1).length > 0;
}

/** Where it stands, at most `limit` places. */
export function placesOf(text: string, value: string, limit: number): number[] {
  const places: number[] = [];
  let looked = 0;
  if (value === '') return places;
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    if ((looked += 1) > maxPlaces) break;
    if (isEdge(text, at - 1, -1, value[0] ?? '') && isEdge(text, at + value.length, 1, value.at(-1) ?? '')) {
      places.push(at);
      if (places.length >= limit) break;
    }
  }
  return places;
}

function isEdge(text: string, at: number, step: 1 | -1, own: string): boolean {
  const next = text[at];
  if (next === undefined || !wordCharacter.test(own)) return true;
  if (wordCharacter.test(next)) return false;
  // A sign that joins, with a word on its other side: one longer name.
  const joins = step === 1 ? /[@.+-]/ : /[@.+-]/;
  return !joins.test(next) || !wordCharacter.test(text[at + step] ?? '');
}

/** What a made value is made of. */
function partsOf(value: string): string[] {
  const parts = value.split(/[^\p{L}\p{N}]+/u).filter((part) => part.length >= 3);
  return [...new Set(parts)];
}
