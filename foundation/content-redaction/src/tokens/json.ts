/** A value as it came in JSON; fields that are not there may say so. */
export type JsonInput =
  | null
  | boolean
  | number
  | string
  | readonly JsonInput[]
  | { readonly [key: string]: JsonInput | undefined };
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** `label`: the name the text stands under; of `{name, value}` pairs what the name says. Undefined for names themselves. */
export type ChangeText = (text: string, label: string | undefined) => string;

type Open =
  | {
      readonly kind: 'value';
      readonly value: JsonInput;
      readonly label: string | undefined;
      put(value: JsonValue): void;
    }
  | {
      readonly kind: 'field';
      readonly name: string;
      readonly value: JsonInput;
      readonly label: string;
      readonly of: Fields;
    };
type Fields = Record<string, JsonValue>;

/**
 * The same value with each text of it, names of fields too, as `change` gives it back, in the order they are written. Without recursion:
 * no depth ends the stack.
 */
export function mapTexts(value: JsonInput, change: ChangeText): JsonValue {
  let result: JsonValue = null;
  const open: Open[] = [{ kind: 'value', value, label: undefined, put: (changed) => void (result = changed) }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (place.kind === 'field') {
      const { of } = place;
      const name = change(place.name, undefined);
      setOwn(of, name, null);
      open.push({ kind: 'value', value: place.value, label: place.label, put: (changed) => setOwn(of, name, changed) });
      continue;
    }
    const { value: inner, label, put } = place;
    if (typeof inner === 'string') put(change(inner, label));
    else if (typeof inner === 'number') put(changedNumber(inner, label, change));
    else if (isList(inner)) {
      const list: JsonValue[] = Array.from(inner, () => null);
      put(list);
      for (let index = inner.length - 1; index >= 0; index -= 1)
        open.push({
          kind: 'value',
          value: inner[index] ?? null,
          label,
          put: (changed) => void (list[index] = changed),
        });
    } else if (typeof inner === 'object' && inner !== null) {
      const of: Fields = {};
      put(of);
      const said = nameIn(inner);
      for (const [name, item] of Object.entries(inner).toReversed()) {
        if (item === undefined) continue;
        const own = said !== undefined && /^(?:value|val|content|data)$/i.test(name) ? said : name;
        open.push({ kind: 'field', name, value: item, label: own, of });
      }
    } else put(inner);
  }
  return result;
}

/** A whole number can be a card. One that is replaced stands as a text from then on. */
function changedNumber(value: number, label: string | undefined, change: ChangeText): JsonValue {
  const text = Number.isSafeInteger(value) && value > 0 ? String(value) : '';
  const changed = change(text, label);
  return changed === text ? value : changed;
}

/** `{"name": "API_KEY", "value": …}`, as environments are written. */
function nameIn(object: { readonly [key: string]: JsonInput | undefined }): string | undefined {
  const name = object['name'] ?? object['Name'] ?? object['key'] ?? object['Key'];
  return typeof name === 'string' && name.length <= 80 ? name : undefined;
}

/** `__proto__` is a name like any other. */
function setOwn(object: Fields, name: string, value: JsonValue): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

function isList(value: JsonInput): value is readonly JsonInput[] {
  return Array.isArray(value);
}
