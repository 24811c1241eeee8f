import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';

/**
 * A body as the ledger would hold it. What says its class and has metadata is an event already, as `GET /v1/events/LOG/INDEX` gives it; everything
 * else is a record as its source wrote it, of which rules see all.
 */
export function bodyOf(event: JsonObject): Uint8Array {
  const isEvent = typeof event['class_uid'] === 'number' && isJsonObject(event['metadata']);
  return Buffer.from(JSON.stringify(isEvent ? event : { class_uid: 0, raw_data: JSON.stringify(event) }));
}
