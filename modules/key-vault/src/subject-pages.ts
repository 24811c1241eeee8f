import { createHmac, hkdfSync } from 'node:crypto';
import { join } from 'node:path';
import { CodedError } from '@sallyport/platform/errors';
import { KeyVaultError } from './errors.ts';
import type { KeyEntry } from './inventory.ts';
import type { KeyVault } from './key-vault.ts';
import type { KeyVaultNeeds } from './needs.ts';
import {
  canOpen,
  contextOf,
  formatRows,
  idBytes,
  lostPage,
  pagesFolder,
  parseRow,
  rowBytes,
  wrapRow,
} from './subject-rows.ts';
import type { NewKey, Page, StoredRow, SubjectKey, SubjectRow } from './subject-rows.ts';
import { isDiskFull } from './vault-state.ts';
import { createWrapper } from './wrapper.ts';
import type { Wrapper } from './wrapper.ts';

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
  /** The pages there are, and what lies on one. Throws `vault_damaged` for one that is lost. */
  pages(): readonly string[];
  rows(page: string): readonly SubjectRow[];
  /** Pages whose keys are there and whose rows are in neither copy. Nothing is concluded from their being empty. */
  lost(): readonly string[];
  /**
   * Puts these keys on a page of their own, and those that shared a page with them on others. Destroying the keys of `pages`
   * then takes these keys and no others. `moved`: where each of them lies now. Throws `vault_damaged` while a page is lost: what
   * lies on it would come back with it.
   */
  separate(keyIds: ReadonlySet<string>): { readonly pages: readonly string[]; readonly moved: readonly SubjectRow[] };
  /**
   * Puts these keys on a page of their own as well, which can be kept while those it shared pages with are erased. Where they lie
   * alone. Throws `vault_damaged` while a page is lost.
   */
  setApart(keyIds: ReadonlySet<string>): readonly SubjectRow[];
  /** Removes what is left of pages whose keys were destroyed beyond recall. */
  sweep(): void;
};

const subjectPagePurpose = 'subject-page';
/** New subjects go on the newest of these. */
const openPages = 'subjects/';
const closedPages = 'erasing/';
const rowsPerPage = 500;
const pagesInMemory = 32;
/** Keys and their ids are derived from this one too; it wraps nothing. */
const originLabel = 'origin';

export function createSubjectPages(
  vault: Pick<
    KeyVault,
    'ensureKey' | 'prepareKey' | 'changeState' | 'findKey' | 'isDestroyed' | 'listKeys' | 'destructions'
  >,
  needs: Pick<KeyVaultNeeds, 'directories' | 'files' | 'random' | 'broken'>,
): SubjectPages {
  const opened = new Map<string, Page>();
  for (const directory of needs.directories) needs.files.makeDirectory(join(directory, pagesFolder));
  const pathsOf = (page: string): string[] =>
    needs.directories.map((directory) => join(directory, pagesFolder, `${page}.rows`));
  const labels = (): readonly Pick<KeyEntry, 'id' | 'label' | 'state'>[] =>
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
    if (pathsOf(id).every((path) => needs.files.read(path) === undefined)) return undefined;
    const wrapper = createWrapper(key.bytes, needs.random);
    return keep({ id, wrapper, rows: readRows(id, wrapper) });
  };
  /** Every page is written before its key is in use: none in either copy was lost. */
  const present = (): ReadonlySet<string> =>
    new Set(needs.directories.flatMap((directory) => needs.files.list(join(directory, pagesFolder))));
  const lost = (): string[] => {
    const names = present();
    return labels()
      .filter(({ id, state }) => state !== 'created' && !opened.has(id) && !names.has(`${id}.rows`))
      .map(({ id }) => id);
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
        hint: `put back "${pagesFolder}/${id}.rows" of the vault from a backup`,
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
    const gone = new Set(lost());
    const open = labels().filter(
      ({ id, label, state }) => label.startsWith(openPages) && state === 'active' && !gone.has(id),
    );
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
    const { id, bytes } = vault.prepareKey(subjectPagePurpose, `${prefix}${String(number).padStart(12, '0')}`);
    write(id, []);
    vault.changeState(id, 'active', { by: 'vault', reason: 'its page is written' });
    return keep({ id, wrapper: createWrapper(bytes, needs.random), rows: [] });
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
      return made.map(({ keyId, bytes }, order) => ({ keyId, bytes, page: placed[order]?.page ?? '', isLost: false }));
    },
    open(wanted) {
      const found = wanted.map(({ keyId, page: id }): SubjectKey => {
        const page = pageOf(id);
        const row = page?.rows.find((one) => one.keyId === keyId);
        const bytes = page === undefined || row === undefined ? undefined : openRow(page, row);
        return { keyId, page: id, bytes, isLost: false };
      });
      const missing = new Set(found.flatMap(({ keyId, bytes }) => (bytes === undefined ? [keyId] : [])));
      if (missing.size === 0) return found;
      const isAnyLost = lost().length > 0;
      const elsewhere = locate(missing);
      return found.map((key) => {
        const page = key.bytes === undefined ? elsewhere.get(key.keyId)?.[0] : undefined;
        const row = page?.rows.find((one) => one.keyId === key.keyId);
        return page === undefined || row === undefined
          ? { ...key, isLost: isAnyLost && key.bytes === undefined }
          : { keyId: key.keyId, page: page.id, bytes: openRow(page, row), isLost: false };
      });
    },
    pages: () => labels().map(({ id }) => id),
    rows(id) {
      const page = pageOf(id);
      if (page === undefined && lost().includes(id)) throw lostPage(id);
      return (page?.rows ?? []).map(({ keyId, subjectId }) => ({ keyId, subjectId, page: id }));
    },
    lost,
    separate(keyIds) {
      const [gone] = lost();
      if (gone !== undefined) throw lostPage(gone);
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
      if (affected.has(newestOpen() ?? '')) newPage(openPages);
      const moved = [
        ...(others.size > 0 ? add(openPages, [...others.values()]) : []),
        ...(named.size > 0 ? add(closedPages, [...named.values()]) : []),
      ];
      const own = moved.filter(({ keyId }) => keyIds.has(keyId)).map(({ page }) => page);
      return { pages: [...affected.keys(), ...new Set(own)], moved };
    },
    setApart(keyIds) {
      const [gone] = lost();
      if (gone !== undefined) throw lostPage(gone);
      const closed = new Set(labels().flatMap(({ id, label }) => (label.startsWith(closedPages) ? [id] : [])));
      const placed: SubjectRow[] = [];
      const missing: NewKey[] = [];
      for (const [keyId, pages] of locate(keyIds)) {
        // Whoever comes next goes on an open page, and must not be kept with them.
        const own = pages.find((page) => closed.has(page.id) && page.rows.every((row) => keyIds.has(row.keyId)));
        const page = own ?? pages[0];
        const row = page?.rows.find((one) => one.keyId === keyId);
        if (page === undefined || row === undefined) continue;
        if (own !== undefined) placed.push({ keyId, subjectId: row.subjectId, page: own.id });
        else missing.push({ keyId, subjectId: row.subjectId, bytes: openRow(page, row) });
      }
      return missing.length === 0 ? placed : [...placed, ...add(closedPages, missing)];
    },
    sweep() {
      // A key that has left may still be brought back, and is worth nothing then without its rows.
      const known = vault.destructions?.destroyedKeys().map(({ id }) => id);
      const gone = known === undefined ? undefined : new Set(known);
      const isGone = (id: string): boolean => vault.isDestroyed(id) && gone?.has(id) !== false;
      for (const directory of needs.directories) {
        for (const name of needs.files.list(join(directory, pagesFolder))) {
          const [id = ''] = name.split('.');
          if (isGone(id)) needs.files.erase(join(directory, pagesFolder, name));
        }
      }
      for (const id of opened.keys()) if (vault.isDestroyed(id)) opened.delete(id);
    },
  };
}
