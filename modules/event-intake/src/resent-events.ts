import { comparePositions, erasedText, isJsonObject, lostText, parseJson } from '@sallyport/contracts';
import type { JsonValue, Position } from '@sallyport/contracts';
import type { Ledger } from '@sallyport/ledger';

/** An event of which the ledger answered the position of an earlier one, under the same stream and sequence. */
export type ResentEvent = { readonly sequence: number; readonly position: Position; readonly body: Uint8Array };

/** Entries between two events that are read along rather than asked for apart. */
const maxGap = 16;
const maxReadBytes = 4 * 1024 * 1024;

/**
 * The first event that is another than the one recorded under its numbers: its sender counts from the beginning again, or
 * two senders share a source. The ledger keeps the earlier one, so acknowledging the later would lose it. Events
 * whose content was erased cannot be told apart and count as the same.
 */
export async function findOverwritten(
  ledger: Pick<Ledger, 'read'>,
  resent: readonly ResentEvent[],
): Promise<ResentEvent | undefined> {
  const waiting = resent.toSorted((a, b) => comparePositions(a.position, b.position));
  for (let at = 0; at < waiting.length;) {
    const first = waiting[at];
    if (first === undefined) break;
    const { events, to } = await ledger.read(first.position, {
      maxEvents: waiting.length - at + maxGap,
      maxBytes: maxReadBytes,
      until: { log: first.position.log, index: lastWithoutGap(waiting, at) + 1 },
    });
    const recorded = new Map(events.map(({ position, body }) => [position.index, body]));
    const before = at;
    for (; at < waiting.length; at += 1) {
      const event = waiting[at];
      if (event === undefined || comparePositions(event.position, to) >= 0) break;
      const body = recorded.get(event.position.index);
      if (body !== undefined && !isSameEvent(body, event.body)) return event;
    }
    // A ledger that gives nothing for a position it has named itself cannot be compared with.
    if (at === before) at += 1;
  }
  return undefined;
}

function lastWithoutGap(waiting: readonly ResentEvent[], from: number): number {
  let last = waiting[from]?.position;
  for (let at = from + 1; at < waiting.length; at += 1) {
    const next = waiting[at]?.position;
    if (last === undefined || next?.log !== last.log || next.index - last.index > maxGap) break;
    last = next;
  }
  return last?.index ?? 0;
}

/** What was received decides, not what was made of it: the time of receipt and the mapping may differ. */
function isSameEvent(recorded: Uint8Array, resent: Uint8Array): boolean {
  if (Buffer.compare(recorded, resent) === 0) return true;
  const original = originalOf(recorded);
  return original === undefined || original === originalOf(resent);
}

/** Undefined when it was about somebody who was erased: nobody can tell any more what it was. */
function originalOf(body: Uint8Array): string | undefined {
  const event = parseJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  if (!isJsonObject(event)) return '';
  const { raw_data: text, raw_data_hash: whole, message } = event;
  // Without either, the event was sealed as a whole.
  if (isGone(text) || (text === undefined && isGone(message))) return undefined;
  return JSON.stringify([text ?? null, isJsonObject(whole) ? (whole['value'] ?? null) : null]);
}

function isGone(text: JsonValue | undefined): boolean {
  return text === erasedText || text === lostText;
}
