import { textOf } from '@sallyport/contracts';
import type { FrameBody, FrameHandlers } from '@sallyport/platform/frames';
import type { KeyVault } from './key-vault.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { createSubjectPages } from './subject-pages.ts';
import type { SubjectPages } from './subject-pages.ts';
import type { SubjectKey, SubjectRow } from './subject-rows.ts';

/**
 * Keys of subjects, over frames; `server/subject-keys.ts` is the other end. The server process is given the keys of subjects it asks
 * for, never the key of a page.
 */
export function createSubjectFrames(
  needs: Pick<KeyVaultNeeds, 'directories' | 'files' | 'random' | 'broken'> & {
    readonly opened: () => Promise<KeyVault>;
  },
): FrameHandlers {
  let made: SubjectPages | undefined;
  const pages = async (): Promise<SubjectPages> => {
    const vault = await needs.opened();
    if (made !== undefined) return made;
    made = createSubjectPages(vault, needs);
    made.sweep();
    return made;
  };
  return {
    'subjects.make': async ({ payload }) => ({ head: {}, payload: formatKeys((await pages()).make(idsIn(payload))) }),
    'subjects.open': async ({ payload }) => {
      const ids = idsIn(payload);
      const wanted = ids.flatMap((keyId, order) => (order % 2 === 0 ? [{ keyId, page: ids[order + 1] ?? '' }] : []));
      return { head: {}, payload: formatKeys((await pages()).open(wanted)) };
    },
    'subjects.pages': async () => ({ head: {}, payload: formatIds((await pages()).pages()) }),
    'subjects.lost': async () => ({ head: {}, payload: formatIds((await pages()).lost()) }),
    'subjects.rows': async ({ head }) => ({
      head: {},
      payload: formatRows((await pages()).rows(textOf(head['page']))),
    }),
    'subjects.separate': async ({ payload }) => {
      const separated = (await pages()).separate(new Set(idsIn(payload)));
      return { head: { pages: [...separated.pages] }, payload: formatRows(separated.moved) };
    },
    'subjects.set-apart': async ({ payload }) => ({
      head: {},
      payload: formatRows((await pages()).setApart(new Set(idsIn(payload)))),
    }),
    'subjects.sweep': async (): Promise<FrameBody> => {
      (await pages()).sweep();
      return { head: {} };
    },
  };
}

const idBytes = 16;
const keyBytes = 32;

/** Ids of 16 bytes, one after the other. */
function idsIn(payload: Uint8Array = new Uint8Array()): string[] {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return Array.from({ length: Math.floor(bytes.length / idBytes) }, (_, at) =>
    bytes.toString('hex', at * idBytes, (at + 1) * idBytes),
  );
}

function formatIds(ids: readonly string[]): Buffer {
  return Buffer.from(ids.join(''), 'hex');
}

/** key id (16 bytes) · subject id (16) · page (16). */
function formatRows(rows: readonly SubjectRow[]): Buffer {
  return formatIds(rows.flatMap(({ keyId, subjectId, page }) => [keyId, subjectId, page]));
}

/** key id (16 bytes) · page (16) · 1 when there is a key, 2 when it may be on a lost page · key (32). */
function formatKeys(keys: readonly SubjectKey[]): Buffer {
  return Buffer.concat(
    keys.flatMap(({ keyId, page, bytes, isLost }) => [
      Buffer.from(`${keyId}${page.padEnd(2 * idBytes, '0')}`, 'hex'),
      Buffer.from([bytes === undefined ? (isLost ? 2 : 0) : 1]),
      bytes ?? Buffer.alloc(keyBytes),
    ]),
  );
}
