import { isJsonObject, type JsonObject } from '@sallyport/contracts';
import { EventSearchError } from './errors.ts';

/** The objects of `JSONEachRow` output. */
export function parseLines(lines: string): JsonObject[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const row: unknown = JSON.parse(line);
      if (!isJsonObject(row)) throw unexpected('a row');
      return row;
    });
}

export function numberIn(row: JsonObject, name: string): number {
  const value = row[name];
  if (typeof value !== 'number') throw unexpected(name);
  return value;
}

export function textIn(row: JsonObject, name: string): string {
  const value = row[name];
  if (typeof value !== 'string') throw unexpected(name);
  return value;
}

function unexpected(name: string): EventSearchError {
  return new EventSearchError('query_failed', `Cannot read the engine's answer: "${name}" has an unexpected type`);
}
