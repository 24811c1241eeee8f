import { createHash, hash } from 'node:crypto';
import type { KeptSum, OutgoingFile } from './place.ts';

/** Hex SHA-256 of the whole, read piece by piece. */
export async function sumWhole(
  read: (offset: number, length: number) => Promise<Buffer>,
  bytes: number,
  pieceBytes = 1024 * 1024,
): Promise<string> {
  const sum = createHash('sha256');
  for (let at = 0; at < bytes; at += pieceBytes) sum.update(await read(at, Math.min(pieceBytes, bytes - at)));
  return sum.digest('hex');
}

/** As S3 composes it: SHA-256 of the parts' SHA-256s, base64, with their count behind. */
export function sumOfParts(sums: readonly Buffer[]): KeptSum {
  return { kind: 'parts', value: `${hash('sha256', Buffer.concat(sums), 'base64')}-${sums.length}` };
}

export async function composeSum(file: OutgoingFile, partBytes: number): Promise<KeptSum> {
  if (file.bytes <= partBytes) return { kind: 'whole', value: file.sha256 };
  const sums: Buffer[] = [];
  for (let at = 0; at < file.bytes; at += partBytes)
    sums.push(hash('sha256', await file.read(at, Math.min(partBytes, file.bytes - at)), 'buffer'));
  return sumOfParts(sums);
}

/** A file that is in memory already. */
export function fileOf(name: string, bytes: Uint8Array): OutgoingFile {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    name,
    bytes: content.length,
    sha256: hash('sha256', content, 'hex'),
    read: async (offset, length) => content.subarray(offset, offset + length),
  };
}
