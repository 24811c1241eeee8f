/** Why an event is kept as received: rules see no fields of it, and it is found by words only. */
const reasons: ReadonlyMap<string, { readonly words: string; readonly remedy: string }> = new Map([
  ['utf8_invalid', { words: 'not UTF-8', remedy: 'Have the sender write UTF-8.' }],
  ['json_invalid', { words: 'not JSON', remedy: 'One JSON object a line; for other text send it as text/plain.' }],
  ['json_too_deep', { words: 'nested too deep', remedy: 'At most 64 levels are read.' }],
  ['json_too_many_fields', { words: 'too many fields', remedy: 'At most 10,000 fields are read.' }],
  ['not_an_object', { words: 'not a JSON object', remedy: 'Each event has to be an object in braces.' }],
  ['line_too_long', { words: 'a line too long', remedy: 'Lines over 1 MiB are kept cut, with the hash of the whole.' }],
  ['event_too_large', { words: 'too large', remedy: 'Send less with each event: mapped it may have 2 MiB.' }],
  ['normalise_failed', { words: 'could not be mapped', remedy: 'The preview below shows where it stops.' }],
  ['evtx_damaged', { words: 'a damaged part of an event log', remedy: 'Copy the log again, best with wevtutil epl.' }],
  ['message_cut', { words: 'a message that was cut', remedy: 'Messages over 64 KiB are cut; TCP framing helps.' }],
  ['journal_damaged', { words: 'a damaged part of a journal', remedy: 'Export it again with journalctl -o export.' }],
  ['zeek_invalid', { words: 'not a row of the Zeek log', remedy: 'Send the log with its header lines, or as JSON.' }],
  ['syslog_invalid', { words: 'not syslog', remedy: 'RFC 5424 or 3164 is read; octet counting or a line each.' }],
  ['cef_invalid', { words: 'not CEF', remedy: 'It has to begin with CEF:0| and have seven bars.' }],
  ['leef_invalid', { words: 'not LEEF', remedy: 'It has to begin with LEEF:1.0| or LEEF:2.0|.' }],
  ['auditd_invalid', { words: 'not from auditd', remedy: 'Send it as plain text without a format.' }],
  ['web_access_invalid', { words: 'not an access log', remedy: 'The common and the combined format are read.' }],
  [
    'windows_event_xml_invalid',
    { words: 'not Windows event XML', remedy: 'Each event has to be one <Event> element.' },
  ],
]);

export function unreadWords(reason: string): string {
  return reasons.get(reason)?.words ?? reason.replaceAll('_', ' ');
}

/** What its sender can do. */
export function unreadRemedy(reason: string): string | undefined {
  return reasons.get(reason)?.remedy;
}
