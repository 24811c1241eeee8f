import { textsOf } from '@sallyport/contracts';
import type { FrameBody } from '@sallyport/platform/frames';

/**
 * A subject's key, ids of 16 bytes in hexadecimal. Undefined bytes: it was destroyed, or there never was such a key; or, with
 * `isLost`, it may lie on a page that is missing.
 */
export type OpenedSubjectKey = {
  readonly keyId: string;
  readonly page: string;
  readonly bytes: Buffer | undefined;
  readonly isLost: boolean;
};
export type PlacedSubjectKey = { readonly keyId: string; readonly subjectId: string; readonly page: string };

/** The keys of subjects as the server has them; the vault's process keeps them. Throws `KeyVaultError`, and `disk_low`. */
export type SubjectKeys = {
  /** A new key for each, durable in both copies before it is handed out. */
  make(subjectIds: readonly string[]): Promise<readonly OpenedSubjectKey[]>;
  open(wanted: readonly { readonly keyId: string; readonly page: string }[]): Promise<readonly OpenedSubjectKey[]>;
  pages(): Promise<readonly string[]>;
  rows(page: string): Promise<readonly PlacedSubjectKey[]>;
  /** Pages that are in neither copy and were not destroyed. */
  lost(): Promise<readonly string[]>;
  /**
   * Puts keys on a page of their own. Destroying the keys of `pages` afterwards takes these and no others; `moved` is where each
   * key concerned lies now.
   */
  separate(
    keyIds: readonly string[],
  ): Promise<{ readonly pages: readonly string[]; readonly moved: readonly PlacedSubjectKey[] }>;
  /** Puts keys on a page of their own as well, which can be kept while those they shared pages with are erased. */
  setApart(keyIds: readonly string[]): Promise<readonly PlacedSubjectKey[]>;
  /** Removes what is left of destroyed pages. */
  sweep(): Promise<void>;
};

const idBytes = 16;
const openedBytes = 2 * idBytes + 1 + 32;

export function createSubjectKeys(call: (method: string, request: FrameBody) => Promise<FrameBody>): SubjectKeys {
  const ids = (list: readonly string[]): Buffer =>
    Buffer.from(list.map((id) => id.padEnd(2 * idBytes, '0')).join(''), 'hex');
  return {
    make: async (subjectIds) => openedIn(await call('subjects.make', { head: {}, payload: ids(subjectIds) })),
    open: async (wanted) =>
      openedIn(
        await call('subjects.open', { head: {}, payload: ids(wanted.flatMap(({ keyId, page }) => [keyId, page])) }),
      ),
    pages: async () => idsIn(await call('subjects.pages', { head: {} })),
    rows: async (page) => placedIn(await call('subjects.rows', { head: { page } })),
    lost: async () => idsIn(await call('subjects.lost', { head: {} })),
    async separate(keyIds) {
      const reply = await call('subjects.separate', { head: {}, payload: ids(keyIds) });
      return { pages: textsOf(reply.head['pages']), moved: placedIn(reply) };
    },
    setApart: async (keyIds) => placedIn(await call('subjects.set-apart', { head: {}, payload: ids(keyIds) })),
    async sweep() {
      await call('subjects.sweep', { head: {} });
    },
  };
}

function bytesOf({ payload = new Uint8Array() }: FrameBody): Buffer {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}

function idsIn(reply: FrameBody): string[] {
  const bytes = bytesOf(reply);
  return Array.from({ length: Math.floor(bytes.length / idBytes) }, (_, at) =>
    bytes.toString('hex', at * idBytes, (at + 1) * idBytes),
  );
}

function placedIn(reply: FrameBody): PlacedSubjectKey[] {
  const ids = idsIn(reply);
  return Array.from({ length: Math.floor(ids.length / 3) }, (_, at) => {
    const [keyId = '', subjectId = '', page = ''] = ids.slice(at * 3, at * 3 + 3);
    return { keyId, subjectId, page };
  });
}

function openedIn(reply: FrameBody): OpenedSubjectKey[] {
  const bytes = bytesOf(reply);
  return Array.from({ length: Math.floor(bytes.length / openedBytes) }, (_, at) => {
    const row = bytes.subarray(at * openedBytes, (at + 1) * openedBytes);
    const isThere = row[2 * idBytes] === 1;
    return {
      keyId: row.toString('hex', 0, idBytes),
      page: row.toString('hex', idBytes, 2 * idBytes),
      bytes: isThere ? Buffer.from(row.subarray(2 * idBytes + 1)) : undefined,
      isLost: row[2 * idBytes] === 2,
    };
  });
}
