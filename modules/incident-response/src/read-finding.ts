import { comparePositions, isJsonObject, parseFinding } from '@sallyport/contracts';
import type { Finding, JsonObject, Position } from '@sallyport/contracts';
import type { Ledger } from '@sallyport/ledger';

/** A finding as it stands in the ledger: the event and what it means. */
export type StoredFinding = { readonly body: JsonObject; readonly finding: Finding };

/** The finding in an event's bytes; undefined when it is none of ours or the bytes are no JSON. Never throws. */
export function decodeFinding(bytes: Uint8Array): StoredFinding | undefined {
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const finding = isJsonObject(body) ? parseFinding(body) : undefined;
    return finding === undefined || !isJsonObject(body) ? undefined : { body, finding };
  } catch {
    return undefined;
  }
}

/** Reads one finding; undefined when its key was destroyed or the log no longer reaches it. */
export async function readFinding(
  ledger: Pick<Ledger, 'read'>,
  position: Position,
): Promise<StoredFinding | undefined> {
  const { events } = await ledger.read(position, { maxEvents: 1, maxBytes: 1 });
  const [event] = events;
  if (event?.body === undefined || comparePositions(event.position, position) !== 0) return undefined;
  return decodeFinding(event.body);
}
