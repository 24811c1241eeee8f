/** How a file is sent: by what its name ends in. What is no JSON, XML or event log is sent as lines, and each is looked at. */
export type FileType = { readonly contentType: string; readonly contentEncoding?: 'gzip' | 'zstd' };

const types: readonly (readonly [RegExp, string])[] = [
  [/\.evtx$/, 'application/x-evtx'],
  [/\.(ndjson|jsonl)$/, 'application/x-ndjson'],
  [/\.json$/, 'application/json'],
  [/\.xml$/, 'application/xml'],
];

export function fileType(fileName: string): FileType {
  const lower = fileName.toLowerCase();
  const encoding = lower.endsWith('.gz') ? 'gzip' : lower.endsWith('.zst') ? 'zstd' : undefined;
  const inner = encoding === undefined ? lower : lower.replace(/\.(gz|zst)$/, '');
  const contentType = types.find(([ending]) => ending.test(inner))?.[1] ?? 'text/plain';
  return encoding === undefined ? { contentType } : { contentType, contentEncoding: encoding };
}

/** What the server takes in one body, as sent. */
export const maxFileBytes = 32 * 1024 * 1024;

/** What the first bytes are looked at for. */
export const headBytes = 4096;

const marks: readonly (readonly [readonly number[], FileType['contentEncoding']])[] = [
  [[0x1f, 0x8b], 'gzip'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
  // A Windows event log, and text with the mark of UTF-16.
  [[...new TextEncoder().encode('ElfFile\0')], undefined],
  [[0xff, 0xfe], undefined],
  [[0xfe, 0xff], undefined],
];

/** Why these bytes had better not be sent: as lines they would be recorded for good, and mean nothing. Undefined when they may. */
export function whyNotSent(head: Uint8Array): string | undefined {
  const begins = (mark: readonly number[]): boolean => mark.every((byte, index) => head[index] === byte);
  if (begins([0x50, 0x4b, 0x03, 0x04]))
    return 'A zip is opened by the command line: sallyport send FILE. Or unpack it, and drop what is in it.';
  if (marks.some(([mark]) => begins(mark))) return undefined;
  return head.includes(0) || !isText(head)
    ? 'It is neither text, nor a Windows event log, nor one of them with gzip or zstd.'
    : undefined;
}

/** In whatever encoding: of other bytes every tenth is a control character. */
function isText(head: Uint8Array): boolean {
  const controls = head.filter((byte) => byte < 0x20 && ![0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b].includes(byte)).length;
  return controls * 20 <= head.length;
}
