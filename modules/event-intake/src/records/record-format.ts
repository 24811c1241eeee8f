import type { JsonObject } from '@sallyport/contracts';
import type { ZeekReader } from '@sallyport/log-formats/zeek';

/** How the events of a body or connection are to be read. `auto` looks at each; `json` is what stands there as an object. */
export const recordFormats = [
  'json',
  'auto',
  'syslog',
  'cef',
  'leef',
  'auditd',
  'web_access',
  'windows_event_xml',
  'splunk_hec',
  'otlp_record',
  'zeek',
  'text',
] as const;

export type RecordFormat = (typeof recordFormats)[number];

/** Why a text was kept as it is instead of being read. */
export const unreadableReasons = [
  'syslog_invalid',
  'cef_invalid',
  'leef_invalid',
  'auditd_invalid',
  'web_access_invalid',
  'windows_event_xml_invalid',
  'zeek_invalid',
  'json_invalid',
  'not_an_object',
] as const;

export type UnreadableReason = (typeof unreadableReasons)[number];

/** What a reader fills in that the text leaves out. */
export type ReadContext = {
  readonly receivedAtMs: number;
  /** Minutes east of UTC of times that name no zone. */
  readonly zoneMinutes: number;
  /** The sender, for a message that names no host. */
  readonly host: string | undefined;
  /** Of the log that the text is a row of. */
  readonly zeek?: ZeekReader | undefined;
};

/**
 * What a text turned out to be. `record` is flat, with Sigma's names where there are some. `format` is that of mappings;
 * undefined for a JSON record, which tells by itself what it is. `isWhole`: the text is the record, written as JSON.
 */
export type ReadRecord =
  | {
      readonly ok: true;
      readonly format: string | undefined;
      readonly record: JsonObject;
      readonly isWhole: boolean;
      /** When the envelope says that it happened. */
      readonly timeMs?: number | undefined;
    }
  | { readonly ok: false; readonly reason: UnreadableReason };
