import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { createZeekReader } from '@sallyport/log-formats/zeek';
import type { ZeekReader } from '@sallyport/log-formats/zeek';
import { present } from './flat-record.ts';

/** Reads the records of a log of which these are the first lines. */
export function zeekReaderOf(head: string): ZeekReader {
  const reader = createZeekReader();
  for (const line of head.split('\n')) reader.read(line);
  return reader;
}

/** A row by the names of its columns, as Zeek itself writes it in JSON; unset columns are left out. */
export function zeekFields(text: string, reader: ZeekReader): JsonObject | undefined {
  const read = text.startsWith('#') ? undefined : reader.read(text);
  if (read?.ok !== true) return undefined;
  const { path, fields } = read.value;
  return present({ _path: path, ...Object.fromEntries([...fields].map(([name, value]) => [name, jsonOf(value)])) });
}

function jsonOf(value: unknown): JsonValue | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
}
