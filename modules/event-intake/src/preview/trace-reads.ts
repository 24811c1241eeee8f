import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';

/** A record, and which of its fields nobody looked at. */
export type TracedRecord = {
  /** Reads as the record itself. */
  readonly record: JsonObject;
  /** Dotted paths, at most 200; a list counts as one field. */
  unread(): string[];
};

const maxPaths = 200;
const maxPathCharacters = 200;

/** Notes which fields of a record are read while it is mapped. */
export function traceReads(record: JsonObject): TracedRecord {
  const read = new Set<string>();

  function watched(object: JsonObject, prefix: string): JsonObject {
    const inner = new Map<string, JsonObject>();
    return new Proxy(object, {
      get(target, name) {
        if (typeof name !== 'string' || !Object.hasOwn(target, name)) return undefined;
        const value = target[name];
        const path = `${prefix}${name}`;
        if (!isJsonObject(value)) {
          read.add(path);
          return value;
        }
        // Being looked into is not being read, unless there is nothing in it.
        if (Object.keys(value).length === 0) read.add(path);
        const known = inner.get(name) ?? watched(value, `${path}.`);
        inner.set(name, known);
        return known;
      },
    });
  }

  return {
    record: watched(record, ''),
    unread() {
      const paths: string[] = [];
      collect(record, '', (path) => {
        if (!read.has(path) && paths.length < maxPaths) paths.push(path.slice(0, maxPathCharacters));
      });
      return paths;
    },
  };
}

function collect(object: JsonObject, prefix: string, found: (path: string) => void): void {
  for (const [name, value] of Object.entries(object)) {
    const path = `${prefix}${name}`;
    if (isJsonObject(value) && Object.keys(value).length > 0) collect(value, `${path}.`, found);
    else found(path);
  }
}
