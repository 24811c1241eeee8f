import { assembleEvent } from './event.ts';
import type { OcsfEvent } from './event.ts';

/** What was received and could not be read as a record. */
export type UnreadableText = {
  /** The text as received; or, when the bytes are not UTF-8, their base64. */
  readonly text: string;
  readonly encoding?: 'utf8' | 'base64';
  /** Stable code of why it could not be read, e.g. `json_invalid`. */
  readonly reason: string;
  readonly receivedAtMs: number;
  /** When `text` is only the beginning: length and SHA-256 (hexadecimal) of all of it. */
  readonly whole?: { readonly bytes: number; readonly sha256: string };
};

/**
 * A base event that keeps what could not be read: `raw_data` is the text, `status_detail` the reason. Bytes that are not
 * UTF-8 stand there as base64, marked by the label `raw_data:base64`; a cut text is marked by `is_truncated`, with
 * `raw_data_size` and `raw_data_hash` of the whole.
 */
export function rawEvent(unreadable: UnreadableText): OcsfEvent {
  const { whole } = unreadable;
  return assembleEvent(
    {
      classUid: 0,
      activityId: 0,
      attributes: {
        status_detail: unreadable.reason,
        raw_data_size: whole?.bytes,
        raw_data_hash: whole === undefined ? undefined : { algorithm_id: 3, value: whole.sha256 },
      },
    },
    {
      time: unreadable.receivedAtMs,
      severityId: 0,
      rawText: unreadable.text,
      metadata: {
        product: { name: 'unknown' },
        labels: unreadable.encoding === 'base64' ? ['raw_data:base64'] : undefined,
        is_truncated: whole === undefined ? undefined : true,
      },
    },
  );
}
