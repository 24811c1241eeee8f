import { hash } from 'node:crypto';
import type { MasterKeyName } from '../../key-provider.ts';
import { masterKeyNamePattern } from '../../key-provider.ts';

/*
 * A master key in an NV index of the TPM, 128 bytes:
 *   "SPM1" | length of the name, 1 byte | name | zeroes up to 96 | key, 32 bytes
 * It is written once and then locked against writing for as long as the index is defined.
 */
const magic = Buffer.from('SPM1');
const keyAt = 96;
export const nvBytes = 128;

/** The owner's range of NV indexes is 0x01800000–0x01BFFFFF (TCG registry of reserved handles, 2.2.2); a part of it is used. */
const firstHandle = 0x01900000;
const handleBits = 20;

/** Follows from the name: no list has to be kept anywhere, and two programs that make the same key meet at the same index. */
export function handleOf(name: MasterKeyName): number {
  return firstHandle + (Number.parseInt(hash('sha256', name).slice(0, 8), 16) >>> (32 - handleBits));
}

export function isMasterHandle(handle: number): boolean {
  return handle >= firstHandle && handle < firstHandle + 2 ** handleBits;
}

export function formatHandle(handle: number): string {
  return `0x${handle.toString(16).padStart(8, '0')}`;
}

/** The handles in the answer of `tpm2_getcap handles-nv-index` that may be ours. */
export function parseHandles(output: Buffer): readonly number[] {
  return [...output.toString('utf8').matchAll(/^- 0x([0-9A-Fa-f]{1,8})$/gm)]
    .map(([, digits = '']) => Number.parseInt(digits, 16))
    .filter(isMasterHandle);
}

export function formatNvMaster(name: MasterKeyName, key: Uint8Array): Buffer {
  const bytes = Buffer.alloc(nvBytes);
  magic.copy(bytes);
  bytes[magic.length] = bytes.write(name, magic.length + 1, keyAt - magic.length - 1, 'latin1');
  bytes.set(key, keyAt);
  return bytes;
}

/** Undefined when somebody else wrote what is there. */
export function parseNvMaster(bytes: Buffer): { readonly name: MasterKeyName; readonly key: Buffer } | undefined {
  if (bytes.length !== nvBytes || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  const end = magic.length + 1 + (bytes[magic.length] ?? 0);
  if (end > keyAt) return undefined;
  const name = bytes.toString('latin1', magic.length + 1, end);
  return masterKeyNamePattern.test(name) ? { name, key: Buffer.from(bytes.subarray(keyAt)) } : undefined;
}
