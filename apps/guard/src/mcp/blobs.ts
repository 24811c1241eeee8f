import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';

/** Pictures and sounds in a result are nobody's words: that they are there is enough to tell. */
export function withoutBlobs(result: JsonObject): JsonObject {
  return objectFrom(result, (name, item, of) => (isBlob(name, of) ? `${item.length} characters of base64` : item));
}

/** What was left out put back where it was. */
export function withBlobs(shown: JsonObject, full: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(shown).map(([name, item]) => [name, restored(item, full[name], name, full)]),
  );
}

function restored(item: JsonValue, original: JsonValue | undefined, name: string, of: JsonObject): JsonValue {
  if (isJsonObject(item) && isJsonObject(original)) return withBlobs(item, original);
  if (Array.isArray(item) && Array.isArray(original)) {
    const [items, originals]: [readonly JsonValue[], readonly JsonValue[]] = [item, original];
    return items.map((one, at) => restored(one, originals[at], '', {}));
  }
  return typeof item === 'string' && typeof original === 'string' && isBlob(name, of) ? original : item;
}

function isBlob(name: string, { mimeType }: JsonObject): boolean {
  return (
    (name === 'blob' || name === 'data') && typeof mimeType === 'string' && /^(?:image|audio|video)\//.test(mimeType)
  );
}

type Change = (name: string, item: string, of: JsonObject) => string;

function objectFrom(value: JsonObject, change: Change): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      typeof item === 'string' ? change(name, item, value) : valueFrom(item, change),
    ]),
  );
}

function valueFrom(value: JsonValue, change: Change): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => valueFrom(item, change));
  return isJsonObject(value) ? objectFrom(value, change) : value;
}
