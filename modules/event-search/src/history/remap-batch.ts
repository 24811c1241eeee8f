import type { JsonObject } from '@sallyport/contracts';
import { remap } from '@sallyport/ocsf';
import type { RecordMapper } from '@sallyport/ocsf/mapping';

/** Bodies of the ledger one after another. */
export type RemapRequest = {
  readonly bytes: Uint8Array;
  /** Where each ends in `bytes`. */
  readonly ends: readonly number[];
  /** Shared with the thread: the ordinal of the body it looks at. */
  readonly progress: Int32Array;
};

/** The bodies that are another one now; of the others nothing. */
export type RemapReply = {
  readonly changed: readonly { readonly event: number; readonly classUid: number; readonly body: Uint8Array }[];
};

/** What the ledger takes as a body; a mapping that makes more of an event changes nothing. */
const maxBodyBytes = 2 * 1024 * 1024;
/** Of one reply: what would be more stays as it was sealed. */
const maxReplyBytes = 64 * 1024 * 1024;

export function remapBatch({ bytes, ends, progress }: RemapRequest, mapper: RecordMapper): RemapReply {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const changed: { event: number; classUid: number; body: Uint8Array }[] = [];
  let total = 0;
  let start = 0;
  for (const [event, end] of ends.entries()) {
    Atomics.store(progress, 0, event);
    const found = remapped(input.toString('utf8', start, end), mapper);
    start = end;
    if (found === undefined || found.body.byteLength > maxBodyBytes || total + found.body.byteLength > maxReplyBytes)
      continue;
    total += found.body.byteLength;
    changed.push({ event, ...found });
  }
  return { changed };
}

function remapped(text: string, mapper: RecordMapper): { classUid: number; body: Uint8Array } | undefined {
  try {
    const event: unknown = JSON.parse(text);
    const shown = isObject(event) ? remap(event, mapper) : undefined;
    return shown === undefined ? undefined : { classUid: shown.class_uid, body: Buffer.from(JSON.stringify(shown)) };
  } catch {
    // No JSON, or too deep for the stack: it is shown as it was sealed.
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
