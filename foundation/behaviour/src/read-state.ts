import { BehaviourStateError } from './errors.ts';

/**
 * Reads a model's state back: JSON text of an object with `model` and `version`. Throws `BehaviourStateError` `state_unreadable`
 * for anything `state()` of that model and version does not write; never anything else, whatever the text.
 */
export function readState(text: string, model: string, version: number): StateReader {
  let value: unknown;
  try {
    value = text.length > maxStateCharacters ? undefined : JSON.parse(text);
  } catch {
    value = undefined;
  }
  const state = readerOf(value, model);
  if (state.text('model', 64) !== model || state.number('version', 0, 1e6) !== version) throw unreadable(model);
  return state;
}

export type StateReader = {
  /** Refuses what is not finite or outside the bounds. */
  number(name: string, least?: number, most?: number): number;
  whole(name: string, least: number, most: number): number;
  text(name: string, maxLength: number): string;
  numbers(name: string, bounds: { maxLength: number; length?: number; least?: number; most?: number }): number[];
  texts(name: string, bounds: { maxLength: number; maxTextLength: number }): string[];
  /** The part as JSON text, for the reader of the model it belongs to. */
  part(name: string): string;
  has(name: string): boolean;
  refuse(): never;
};

const maxStateCharacters = 4_000_000;

function readerOf(value: unknown, model: string): StateReader {
  if (!isRecord(value)) throw unreadable(model);
  const refuse = (): never => {
    throw unreadable(model);
  };
  const member = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
  const list = (name: string, maxLength: number): readonly unknown[] => {
    const found: unknown = member(name);
    const items: readonly unknown[] = Array.isArray(found) ? found : refuse();
    return items.length > maxLength ? refuse() : items;
  };
  const inBounds = (item: unknown, least: number, most: number): number =>
    typeof item === 'number' && Number.isFinite(item) && item >= least && item <= most ? item : refuse();
  const reader: StateReader = {
    number: (name, least = -1e200, most = 1e200) => inBounds(member(name), least, most),
    whole(name, least, most) {
      const found = inBounds(member(name), least, most);
      return Number.isInteger(found) ? found : refuse();
    },
    text(name, maxLength) {
      const found = member(name);
      return typeof found === 'string' && found.length <= maxLength ? found : refuse();
    },
    numbers(name, { maxLength, length, least = -1e200, most = 1e200 }) {
      const items = list(name, maxLength);
      if (length !== undefined && items.length !== length) return refuse();
      return items.map((item) => inBounds(item, least, most));
    },
    texts: (name, { maxLength, maxTextLength }) =>
      list(name, maxLength).map((item) => (typeof item === 'string' && item.length <= maxTextLength ? item : refuse())),
    part: (name) => (isRecord(member(name)) ? JSON.stringify(member(name)) : refuse()),
    has: (name) => Object.hasOwn(value, name),
    refuse,
  };
  return reader;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(model: string): BehaviourStateError {
  return new BehaviourStateError(
    'state_unreadable',
    `Cannot read the state of model "${model}": it must be what the same version of the model wrote`,
  );
}
