import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';

/** That the silence of a source was told, so that it is told once. */
export type SilenceAlarm = {
  /** What it had sent until then: more says that it was heard again. */
  readonly accepted: number;
  /** When it was last heard, as the wall clock told it then. */
  readonly sinceMs: number;
};

export function parseAlarm(text: string | null): SilenceAlarm | undefined {
  let value: JsonValue = null;
  try {
    value = parseJson(text ?? 'null');
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { accepted, since_ms: sinceMs } = value;
  return typeof accepted === 'number' && typeof sinceMs === 'number' ? { accepted, sinceMs } : undefined;
}

export function formatAlarm({ accepted, sinceMs }: SilenceAlarm): string {
  return JSON.stringify({ accepted, since_ms: sinceMs });
}
