import { isJsonObject } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';

/**
 * Where in an event something stands: names with dots between, `*` for any one name, `**` for any number of them. Lists are
 * walked through, so that `observables.value` is the value of each; `observables[].value` says the same.
 */
export type FieldPath = readonly string[];

const namePattern = /^(?:\*\*?|[A-Za-z0-9_@$:-]{1,64}(?:\[\])?)$/u;
const maxNames = 12;
/** From here on it pays to look for the same way come by twice, as several `**` in a deep event do. */
const fewWays = 128;

/** Undefined for what is no path. */
export function parseFieldPath(text: string): FieldPath | undefined {
  const names = text.split('.');
  if (names.length > maxNames || !names.every((name) => namePattern.test(name))) return undefined;
  if (names.at(-1) === '**') return undefined;
  return names.map((name) => name.replace(/\[\]$/u, ''));
}

/** How far each path has been followed: the number of its names that are behind. */
type Followed = readonly (readonly [path: number, names: number])[];

/** Hands over every text that stands where one of the paths leads, with the number of the path. One walk for all. */
export function visitTexts(
  paths: readonly FieldPath[],
  event: JsonValue,
  visit: (path: number, text: string) => void,
): void {
  const walk = (value: JsonValue, followed: Followed): void => {
    if (typeof value === 'string') {
      for (const [path, names] of followed) if (names === paths[path]?.length) visit(path, value);
      return;
    }
    if (Array.isArray(value)) {
      const items: readonly JsonValue[] = value;
      for (const item of items) walk(item, followed);
      return;
    }
    if (!isJsonObject(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      const next = follow(paths, followed, name);
      if (next.length > 0) walk(inner, next);
    }
  };
  walk(
    event,
    paths.map((_, path) => [path, 0] as const),
  );
}

function follow(paths: readonly FieldPath[], followed: Followed, name: string): Followed {
  const next: (readonly [number, number])[] = [];
  const step = (path: number, names: number): void => {
    const wanted = paths[path]?.[names];
    if (wanted === undefined) return;
    if (wanted === '**') {
      next.push([path, names]);
      step(path, names + 1);
    } else if (wanted === '*' || wanted === name) {
      next.push([path, names + 1]);
    }
  };
  for (const [path, names] of followed) step(path, names);
  if (next.length <= fewWays) return next;
  return [...new Map(next.map((way) => [way.join(), way])).values()];
}
