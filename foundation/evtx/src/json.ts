/** Any value JSON can hold, as `JSON.parse` gives it. */
export type JsonScalar = null | boolean | number | string;
export type JsonValue = JsonScalar | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [name: string]: JsonValue };

/** An object that is being put together out of names from a stranger: a repeated name makes a list, and no name reaches the prototype. */
export type JsonBuilder = {
  add(name: string, value: JsonValue): void;
  readonly size: () => number;
  readonly object: JsonObject;
};

export function createJsonBuilder(): JsonBuilder {
  const object: Record<string, JsonValue> = {};
  let lists: Map<string, JsonValue[]> | undefined;
  let size = 0;

  function set(name: string, value: JsonValue): void {
    if (name === '__proto__') {
      Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
    } else {
      object[name] = value;
    }
  }

  return {
    add(name, value) {
      size += 1;
      if (!Object.hasOwn(object, name)) {
        set(name, value);
        return;
      }
      const list = lists?.get(name);
      if (list !== undefined) {
        list.push(value);
        return;
      }
      const started = [object[name] ?? null, value];
      lists ??= new Map();
      lists.set(name, started);
      set(name, started);
    },
    size: () => size,
    object,
  };
}
