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
