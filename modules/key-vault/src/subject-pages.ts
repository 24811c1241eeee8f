import { createHmac, hkdfSync } from 'node:crypto';
import { join } from 'node:path';
import { CodedError } from '@sallyport/platform/errors';
import { KeyVaultError } from './errors.ts';
import type { KeyVault } from './key-vault.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { isDiskFull } from './vault-state.ts';
import { createWrapper } from './wrapper.ts';
import type { Wrapper } from './wrapper.ts';

/** A subject's key where it lies: ids of 16 bytes in hexadecimal, `page` being the id of the page's key in the vault. */
export type SubjectRow = { readonly keyId: string; readonly subjectId: string; readonly page: string };
/** An opened key; undefined bytes: every page it lay on was destroyed, or there never was such a key. */
export type SubjectKey = { readonly keyId: string; readonly page: string; readonly bytes: Buffer | undefined };

/**
 * Keys of subjects, wrapped under the keys of pages, some hundred to a page. Promise: a key handed out lies wrapped in both
 * directories first. What a page's key wraps is lost with it: whoever is to be forgotten is first put on a page of their own, and
 * whoever else was on their pages on others; then the keys of the pages they were on may be destroyed.
 */
export type SubjectPages = {
  /** A key for each, in order. Whether a subject has one already is for the caller to know. */
  make(subjectIds: readonly string[]): readonly SubjectKey[];
  /** In order. `page` is where the key was last; it is looked for everywhere when it is there no more. */
  open(wanted: readonly { readonly keyId: string; readonly page: string }[]): readonly SubjectKey[];
  /** The pages there are, and what lies on one. */
  pages(): readonly string[];
  rows(page: string): readonly SubjectRow[];
  /**
   * Puts these keys on a page of their own, and those that shared a page with them on others. Destroying the keys of `pages`
   * then takes these keys and no others. `moved`: where each of them lies now.
   */
  separate(keyIds: ReadonlySet<string>): { readonly pages: readonly string[]; readonly moved: readonly SubjectRow[] };
  /** Removes what is left of pages whose keys were destroyed beyond recall. */
  sweep(): void;
};

type StoredRow = { readonly keyId: string; readonly subjectId: string; readonly wrapped: Buffer };
type Page = { readonly id: string; readonly wrapper: Wrapper; readonly rows: readonly StoredRow[] };

const subjectPagePurpose = 'subject-page';
/** New subjects go on the newest of these. */
const openPages = 'subjects/';
const closedPages = 'erasing/';
const rowsPerPage = 500;
const idBytes = 16;
const wrappedBytes = 96;
const rowBytes = 2 * idBytes + wrappedBytes;
const pagesInMemory = 32;
const folder = 'subject-pages';

export function createSubjectPages(
  vault: Pick<KeyVault, 'ensureKey' | 'findKey' | 'isDestroyed' | 'listKeys' | 'destructions'>,
  needs: Pick<KeyVaultNeeds, 'directories' | 'files' | 'random' | 'broken'>,
): SubjectPages {
  const opened = new Map<string, Page>();
  for (const directory of needs.directories) needs.files.makeDirectory(join(directory, folder));
  const pathsOf = (page: string): string[] =>
    needs.directories.map((directory) => join(directory, folder, `${page}.rows`));
  const labels = (): readonly { readonly id: string; readonly label: string }[] =>
    vault
      .listKeys()
      .filter((key) => key.level === 'data' && key.purpose === subjectPagePurpose && key.state !== 'destroyed')
      .filter(({ label }) => label !== originLabel);

  const keep = (page: Page): Page => {
    opened.delete(page.id);
    opened.set(page.id, page);
    for (const oldest of opened.keys()) {
      if (opened.size <= pagesInMemory) break;
      opened.delete(oldest);
    }
    return page;
  };
  const pageOf = (id: string): Page | undefined => {
    const known = opened.get(id);
    const key = vault.findKey(id);
    if (key === undefined) {
      opened.delete(id);
      return undefined;
    }
    if (known !== undefined) return known;
    const wrapper = createWrapper(key.bytes, needs.random);
    return keep({ id, wrapper, rows: readRows(id, wrapper) });
  };
  /** Where the copies differ: row by row the first that opens, and both are written again. */
  const readRows = (id: string, wrapper: Wrapper): readonly StoredRow[] => {
    const copies = pathsOf(id).map((path) => needs.files.read(path));
    const count = Math.max(...copies.map((bytes) => Math.floor((bytes?.length ?? 0) / rowBytes)));
    const [first, ...others] = copies;
    if (first?.length === count * rowBytes && others.every((bytes) => bytes?.equals(first) === true))
      return Array.from({ length: count }, (_, at) => parseRow(first, at)).filter((row) => row !== undefined);
    const rows = Array.from({ length: count }, (_, at): StoredRow => {
      for (const bytes of copies) {
        const row = bytes === undefined ? undefined : parseRow(bytes, at);
        if (row !== undefined && canOpen(wrapper, id, row)) return row;
      }
      throw new KeyVaultError('vault_damaged', `Cannot read page ${id} of subject keys: row ${at} opens in no copy`, {
        hint: `put back "${folder}/${id}.rows" of the vault from a backup`,
      });
    });
    write(id, rows);
    return rows;
  };
  const write = (id: string, rows: readonly StoredRow[]): void => {
    const bytes = formatRows(rows);
    try {
      for (const path of pathsOf(id)) needs.files.write(path, bytes);
    } catch (error) {
      opened.delete(id);
      if (isDiskFull(error))
        throw new CodedError('disk_low', 'Cannot keep the key of a subject: the disk is full', { cause: error });
      needs.broken(error);
      throw error;
    }
  };
  /** A page with room, or a new one. Its number rises, so that the newest is the one written to. */
  const writable = (prefix: string): Page => {
    const newest = prefix === openPages ? newestOpen() : undefined;
    const page = newest === undefined ? undefined : pageOf(newest);
    return page !== undefined && page.rows.length < rowsPerPage ? page : newPage(prefix);
  };
  const newestOpen = (): string | undefined => {
    const open = labels().filter(({ label }) => label.startsWith(openPages));
    return open.toSorted((a, b) => (a.label < b.label ? 1 : -1))[0]?.id;
  };
  const newPage = (prefix: string): Page => {
    // Also after those that were destroyed: a label never names two pages.
    const used = vault
      .listKeys()
      .filter(
        ({ level, purpose, label }) => level === 'data' && purpose === subjectPagePurpose && label.startsWith(prefix),
      )
      .map(({ label }) => Number(label.slice(prefix.length)));
    const number = Math.max(0, ...used) + 1;
    const key = vault.ensureKey(subjectPagePurpose, `${prefix}${String(number).padStart(12, '0')}`);
    return keep({ id: key.id, wrapper: createWrapper(key.bytes, needs.random), rows: [] });
  };
  const add = (prefix: string, keys: readonly NewKey[]): SubjectRow[] => {
    const placed: SubjectRow[] = [];
    for (let at = 0; at < keys.length;) {
      const page = at === 0 ? writable(prefix) : newPage(prefix);
      const part = keys.slice(at, at + rowsPerPage - page.rows.length);
      const rows = [...page.rows, ...part.map((key) => wrapRow(page, key))];
      write(page.id, rows);
      keep({ ...page, rows });
      placed.push(...part.map(({ keyId, subjectId }) => ({ keyId, subjectId, page: page.id })));
      at += part.length;
    }
    return placed;
  };
  /** Every page a key lies on. */
  const locate = (keyIds: ReadonlySet<string>): Map<string, Page[]> => {
    const found = new Map<string, Page[]>();
    for (const { id } of labels()) {
      const page = pageOf(id);
      for (const row of page?.rows ?? [])
        if (page !== undefined && keyIds.has(row.keyId)) found.set(row.keyId, [...(found.get(row.keyId) ?? []), page]);
    }
    return found;
  };
  const openRow = (page: Page, row: StoredRow): Buffer => page.wrapper.unwrap(row.wrapped, contextOf(page.id, row));

  return {
    make(subjectIds) {
      const made: NewKey[] = subjectIds.map((subjectId, order) => {
        // Bound to what never repeats and to whose it is: a random source that repeats gives two subjects no key in common.
        const secret = vault.ensureKey(subjectPagePurpose, originLabel).bytes;
        const random = needs.random(32);
        const keyId = createHmac('sha256', secret)
          .update(random)
          .update(`id ${order} ${subjectId}`)
          .digest('hex')
          .slice(0, 2 * idBytes);
        return {
          keyId,
          subjectId,
          bytes: Buffer.from(hkdfSync('sha256', random, secret, `key ${order} ${subjectId}`, 32)),
        };
      });
      const placed = add(openPages, made);
      return made.map(({ keyId, bytes }, order) => ({ keyId, bytes, page: placed[order]?.page ?? '' }));
    },
    open(wanted) {
      const found = wanted.map(({ keyId, page: id }): SubjectKey => {
        const page = pageOf(id);
        const row = page?.rows.find((one) => one.keyId === keyId);
        return { keyId, page: id, bytes: page === undefined || row === undefined ? undefined : openRow(page, row) };
      });
      const lost = new Set(found.flatMap(({ keyId, bytes }) => (bytes === undefined ? [keyId] : [])));
      if (lost.size === 0) return found;
      const elsewhere = locate(lost);
      return found.map((key) => {
        const page = key.bytes === undefined ? elsewhere.get(key.keyId)?.[0] : undefined;
        const row = page?.rows.find((one) => one.keyId === key.keyId);
        return page === undefined || row === undefined
          ? key
          : { keyId: key.keyId, page: page.id, bytes: openRow(page, row) };
      });
    },
    pages: () => labels().map(({ id }) => id),
    rows: (id) => (pageOf(id)?.rows ?? []).map(({ keyId, subjectId }) => ({ keyId, subjectId, page: id })),
    separate(keyIds) {
      const located = locate(keyIds);
      const affected = new Map([...located.values()].flat().map((page) => [page.id, page]));
      const others = new Map<string, NewKey>();
      const named = new Map<string, NewKey>();
      for (const page of affected.values()) {
        for (const row of page.rows) {
          const key = { keyId: row.keyId, subjectId: row.subjectId, bytes: openRow(page, row) };
          (keyIds.has(row.keyId) ? named : others).set(row.keyId, key);
        }
      }
      // Whoever lies on another page too, where they were put by an earlier separation, need not be moved again.
      for (const [keyId, pages] of locate(new Set(others.keys())))
        if (pages.some((page) => !affected.has(page.id))) others.delete(keyId);
      // The page written to may be one of those about to go: what is moved, and what comes later, goes on a new one.
      if (affected.has(newestOpen() ?? '')) write(newPage(openPages).id, []);
      const moved = [
        ...(others.size > 0 ? add(openPages, [...others.values()]) : []),
        ...(named.size > 0 ? add(closedPages, [...named.values()]) : []),
      ];
      const own = moved.filter(({ keyId }) => keyIds.has(keyId)).map(({ page }) => page);
      return { pages: [...affected.keys(), ...new Set(own)], moved };
    },
    sweep() {
      // A key that has left may still be brought back, and is worth nothing then without its rows.
      const known = vault.destructions?.destroyedKeys().map(({ id }) => id);
      const gone = known === undefined ? undefined : new Set(known);
      const isGone = (id: string): boolean => vault.isDestroyed(id) && gone?.has(id) !== false;
      for (const directory of needs.directories) {
        for (const name of needs.files.list(join(directory, folder))) {
          const [id = ''] = name.split('.');
          if (isGone(id)) needs.files.erase(join(directory, folder, name));
        }
      }
      for (const id of opened.keys()) if (vault.isDestroyed(id)) opened.delete(id);
    },
  };
}

type NewKey = { readonly keyId: string; readonly subjectId: string; readonly bytes: Buffer };

/** Keys and their ids are derived from this one too; it wraps nothing. */
const originLabel = 'origin';

function wrapRow(page: Page, { keyId, subjectId, bytes }: NewKey): StoredRow {
  return { keyId, subjectId, wrapped: page.wrapper.wrap(bytes, contextOf(page.id, { keyId, subjectId })) };
}

function contextOf(page: string, row: Pick<StoredRow, 'keyId' | 'subjectId'>): string {
  return ['sallyport-subject-page@v1', page, row.keyId, row.subjectId].join('\n');
}

function canOpen(wrapper: Wrapper, page: string, row: StoredRow): boolean {
  try {
    wrapper.unwrap(row.wrapped, contextOf(page, row)).fill(0);
    return true;
  } catch {
    return false;
  }
}

// key id (16 bytes) · subject id (16) · wrapped key (96).
function formatRows(rows: readonly StoredRow[]): Buffer {
  return Buffer.concat(
    rows.flatMap(({ keyId, subjectId, wrapped }) => [
      Buffer.from(keyId, 'hex'),
      Buffer.from(subjectId, 'hex'),
      wrapped,
    ]),
  );
}

function parseRow(bytes: Buffer, order: number): StoredRow | undefined {
  const row = bytes.subarray(order * rowBytes, (order + 1) * rowBytes);
  if (row.length !== rowBytes) return undefined;
  return {
    keyId: row.toString('hex', 0, idBytes),
    subjectId: row.toString('hex', idBytes, 2 * idBytes),
    wrapped: Buffer.from(row.subarray(2 * idBytes)),
  };
}
