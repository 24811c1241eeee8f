import { objectOf, parseJsonObject, textOf } from '../text/bounded-json.ts';
import type { JsonObject } from '../text/bounded-json.ts';
import { accept, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import { fixedZone, readIsoTime } from '../text/timestamp.ts';

/** One line of Suricata's eve.json, recognised; its fields are read by whoever maps them. */
export type SuricataEveEvent = {
  /** `alert`, `dns`, `flow` … */
  readonly eventType: string;
  readonly unixMs: number;
  readonly signatureId: number | undefined;
  readonly object: JsonObject;
};

export type SuricataEveRefusalCode = 'eve_json' | 'eve_not_an_event';

export function parseSuricataEve(
  line: string,
  maxCharacters = 1 << 20,
): Parsed<SuricataEveEvent, SuricataEveRefusalCode> {
  const parsed = parseJsonObject(line, { maxCharacters, maxDepth: 64 });
  if (!parsed.ok) return refuse('eve_json', parsed.at, parsed.message);
  const eventType = textOf(parsed.value['event_type']);
  const time = readIsoTime(textOf(parsed.value['timestamp']) ?? '', 0, fixedZone(0));
  if (eventType === undefined || time === undefined)
    return refuse('eve_not_an_event', 0, 'Object has no "event_type" with a "timestamp"');
  const id = objectOf(parsed.value['alert'])['signature_id'];
  return accept({
    eventType,
    unixMs: time.time.unixMs,
    signatureId: typeof id === 'number' ? id : undefined,
    object: parsed.value,
  });
}
