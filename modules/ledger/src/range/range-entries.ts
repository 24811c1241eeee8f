import { leafBytes } from '../leaf.ts';
import { LedgerError } from '../errors.ts';

/** An entry of a range as the sealer gives it: what matches a query and who may read it is decided by the server. */
export type StoredRangeEntry =
  | { readonly kind: 'block' | 'other' | 'erased'; readonly leaf: Uint8Array }
  | { readonly kind: 'content'; readonly leaf: Uint8Array; readonly salt: Uint8Array; readonly body: Uint8Array };

// Per entry: u8 kind · leaf; of content also 32 bytes salt · u32 body length · body. Big endian.
const kinds = ['block', 'other', 'erased', 'content'] as const;
const saltBytes = 32;

export function encodeRangeEntries(entries: readonly StoredRangeEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    parts.push(Buffer.from([kinds.indexOf(entry.kind)]), entry.leaf);
    if (entry.kind !== 'content') continue;
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(entry.body.length);
    parts.push(entry.salt, length, entry.body);
  }
  return Buffer.concat(parts);
}

export function decodeRangeEntries(bytes: Uint8Array): StoredRangeEntry[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: StoredRangeEntry[] = [];
  for (let at = 0; at < view.length;) {
    const kind = kinds[view.readUInt8(at)];
    const end = at + 1 + leafBytes;
    if (kind === undefined || end > view.length) throw cutShort();
    const leaf = view.subarray(at + 1, end);
    at = end;
    if (kind !== 'content') {
      entries.push({ kind, leaf });
      continue;
    }
    if (end + saltBytes + 4 > view.length) throw cutShort();
    const bodyStart = end + saltBytes + 4;
    at = bodyStart + view.readUInt32BE(end + saltBytes);
    if (at > view.length) throw cutShort();
    entries.push({ kind, leaf, salt: view.subarray(end, end + saltBytes), body: view.subarray(bodyStart, at) });
  }
  return entries;
}

function cutShort(): LedgerError {
  return new LedgerError('unavailable', 'Cannot read the ledger’s reply: it is cut short');
}
