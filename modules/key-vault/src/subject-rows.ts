import { KeyVaultError } from './errors.ts';
import type { Wrapper } from './wrapper.ts';

/** A subject's key where it lies: ids of 16 bytes in hexadecimal, `page` being the id of the page's key in the vault. */
export type SubjectRow = { readonly keyId: string; readonly subjectId: string; readonly page: string };
/**
 * An opened key; undefined bytes: every page it lay on was destroyed, or there never was such a key. Unless `isLost`: a page is
 * missing from both copies without having been destroyed, and it may lie there.
 */
export type SubjectKey = {
  readonly keyId: string;
  readonly page: string;
  readonly bytes: Buffer | undefined;
  readonly isLost: boolean;
};

/** A subject's key as it lies on a page. */
export type StoredRow = { readonly keyId: string; readonly subjectId: string; readonly wrapped: Buffer };
export type Page = { readonly id: string; readonly wrapper: Wrapper; readonly rows: readonly StoredRow[] };

export type NewKey = { readonly keyId: string; readonly subjectId: string; readonly bytes: Buffer };

export const idBytes = 16;
const wrappedBytes = 96;
export const rowBytes = 2 * idBytes + wrappedBytes;

export function wrapRow(page: Page, { keyId, subjectId, bytes }: NewKey): StoredRow {
  return { keyId, subjectId, wrapped: page.wrapper.wrap(bytes, contextOf(page.id, { keyId, subjectId })) };
}

export function contextOf(page: string, row: Pick<StoredRow, 'keyId' | 'subjectId'>): string {
  return ['sallyport-subject-page@v1', page, row.keyId, row.subjectId].join('\n');
}

export function canOpen(wrapper: Wrapper, page: string, row: StoredRow): boolean {
  try {
    wrapper.unwrap(row.wrapped, contextOf(page, row)).fill(0);
    return true;
  } catch {
    return false;
  }
}

// key id (16 bytes) · subject id (16) · wrapped key (96).
export function formatRows(rows: readonly StoredRow[]): Buffer {
  return Buffer.concat(
    rows.flatMap(({ keyId, subjectId, wrapped }) => [
      Buffer.from(keyId, 'hex'),
      Buffer.from(subjectId, 'hex'),
      wrapped,
    ]),
  );
}

export function parseRow(bytes: Buffer, order: number): StoredRow | undefined {
  const row = bytes.subarray(order * rowBytes, (order + 1) * rowBytes);
  if (row.length !== rowBytes) return undefined;
  return {
    keyId: row.toString('hex', 0, idBytes),
    subjectId: row.toString('hex', idBytes, 2 * idBytes),
    wrapped: Buffer.from(row.subarray(2 * idBytes)),
  };
}

export const pagesFolder = 'subject-pages';

export function lostPage(id: string): KeyVaultError {
  return new KeyVaultError('vault_damaged', `Cannot read page ${id} of subject keys: it is in neither copy`, {
    hint: `put back "${pagesFolder}/${id}.rows" of the vault, which the archive keeps; or, when it is lost for good, have two people destroy its key: sallyport vault destroy ${id}`,
  });
}
