import type { JsonObject } from '@sallyport/contracts';
import type { ModelWords } from './model-turn.ts';

/** Server-sent events, each under its `type` where it has one. */
export function eventStream(events: readonly JsonObject[]): ModelWords {
  const body = events
    .map(
      (event) =>
        `${typeof event['type'] === 'string' ? `event: ${event['type']}\n` : ''}data: ${JSON.stringify(event)}\n\n`,
    )
    .join('');
  return { contentType: 'text/event-stream', body };
}

/** The texts of all that stands in a value, in order. */
export function wordsIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(wordsIn).join('');
  if (typeof value !== 'object' || value === null) return '';
  const text: unknown = Reflect.get(value, 'text');
  return typeof text === 'string' ? text : JSON.stringify(value);
}

/** Objects of a list that may be none. */
export function objectsIn(value: unknown): readonly object[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : [];
}

export function fieldOf(value: object, name: string): unknown {
  const found: unknown = Reflect.get(value, name);
  return found;
}
