import { isJsonObject, parseJson, textOf, textsOf, type JsonValue } from '@sallyport/contracts';
import type { RuleSource } from '@sallyport/detection';
import type { RowExtent } from '@sallyport/event-search';
import type { HeldForNow, HuntFilter, HuntRules } from './hunt.ts';

/** What was asked for, as it is sealed. */
export type Asked = {
  readonly filter: HuntFilter;
  readonly rulesKind: HuntRules['kind'];
  readonly left: readonly string[];
  readonly heldForNow?: HeldForNow;
};

export function askedIn(text: string): Asked {
  const { filter, rulesKind, left, heldForNow } = objectIn(parseJson(text));
  const given = objectIn(filter);
  const [q, from, to] = [textOf(given['q']), textOf(given['from']), textOf(given['to'])];
  const time = given['time'] === 'claimed' || given['time'] === 'received' ? given['time'] : undefined;
  return {
    filter: {
      ...(q !== '' && { q }),
      ...(from !== '' && { from }),
      ...(to !== '' && { to }),
      ...(time !== undefined && { time }),
    },
    rulesKind: rulesKind === 'named' || rulesKind === 'typed' ? rulesKind : 'all',
    left: textsOf(left),
    ...(heldForNow === undefined ? {} : { heldForNow: heldIn(objectIn(heldForNow)) }),
  };
}

function heldIn({ sessionId, browserKey, grantIds }: ReturnType<typeof objectIn>): HeldForNow {
  return {
    sessionId: textOf(sessionId),
    ...(browserKey === undefined ? {} : { browserKey: textOf(browserKey) }),
    grantIds: textsOf(grantIds),
  };
}

export function sourcesIn(text: string): RuleSource[] {
  return listIn(parseJson(text)).map((entry) => {
    const { file, text: rule } = objectIn(entry);
    return { file: textOf(file), text: textOf(rule) };
  });
}

export function rangesIn(text: string): RowExtent[] {
  return listIn(parseJson(text)).map((entry) => {
    const range = objectIn(entry);
    const number = (name: string): number => {
      const value = range[name];
      if (typeof value !== 'number') throw new TypeError('a hunt in the control database is damaged');
      return value;
    };
    return {
      log: number('log'),
      from: number('from'),
      to: number('to'),
      rows: number('rows'),
      bytes: number('bytes'),
    };
  });
}

function objectIn(value: JsonValue | undefined) {
  if (!isJsonObject(value)) throw new TypeError('a hunt in the control database is damaged');
  return value;
}

function listIn(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new TypeError('a hunt in the control database is damaged');
  const items: readonly JsonValue[] = value;
  return items;
}
