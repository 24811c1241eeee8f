import { parseJsonObject } from '../text/bounded-json.ts';
import type { JsonObject } from '../text/bounded-json.ts';

const cookie = '@cee:';

/** The object of a message that begins with the CEE cookie (`@cee: {…}`), or undefined. */
export function readCee(message: string): JsonObject | undefined {
  let at = 0;
  while (message.charCodeAt(at) === 32) at += 1;
  if (!message.startsWith(cookie, at)) return undefined;
  const parsed = parseJsonObject(message.slice(at + cookie.length).trim());
  return parsed.ok ? parsed.value : undefined;
}
