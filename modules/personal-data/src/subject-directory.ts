import { createHmac, createSecretKey } from 'node:crypto';
import type { SubjectKeys } from '@sallyport/key-vault/server';
import { LedgerError } from '@sallyport/ledger';
import { PersonalDataError } from './errors.ts';
import { normalise } from './kinds.ts';
import type { SubjectKind } from './kinds.ts';
import type { KnownKey } from './open-body.ts';
import type { SubjectStore } from './subject-store.ts';
import type { SubjectKey } from './string-token.ts';

/** How many subjects there may be a key of their own for; whoever comes after shares one with all others of that day. */
export type SubjectLimits = { readonly subjects: number; readonly newPerDay: number };
const defaultSubjectLimits: SubjectLimits = { subjects: 1_000_000, newPerDay: 50_000 };

/**
 * Whose key seals what. A subject's id is a keyed hash of kind and normalised value: the control database names nobody. Keys are
 * made by the vault, durable before they are used, and of those opened the last used are kept.
 */
export type SubjectDirectory = {
  /** Undefined: the value names nobody. */
  idOf(kind: SubjectKind, value: string): string | undefined;
  /** The id under which those are sealed together that there was no room for on a day (YYYY-MM-DD). */
  sharedIdOf(date: string): string;
  /** The key each subject is sealed under from now on, made where there is none. */
  keysFor(subjectIds: ReadonlySet<string>): Promise<ReadonlyMap<string, SubjectKey>>;
  /** The key of the day for subjects there is no room for one of their own. */
  sharedKey(): Promise<SubjectKey>;
  /**
   * Of these, the subjects there is something sealed of. Of one that was erased while copies are still about, a key that nobody keeps:
   * a finding about what happened before must not bring the name back.
   */
  known(subjectIds: readonly string[]): Promise<ReadonlyMap<string, SubjectKey | 'kept'>>;
  open(keyIds: ReadonlySet<string>): Promise<ReadonlyMap<string, KnownKey>>;
  /** Every key a subject has or had that was not destroyed. */
  liveKeys(subjectIds: readonly string[]): Promise<readonly string[]>;
  /** As `SubjectKeys.separate`, and remembered. */
  separate(keyIds: readonly string[]): Promise<readonly string[]>;
  /** As `SubjectKeys.setApart`, and remembered: the pages these keys alone lie on. */
  setApart(keyIds: readonly string[]): Promise<readonly string[]>;
  /** After the keys of pages were destroyed: which keys of subjects went with them. What may lie on a lost page did not. */
  forgetPages(pages: readonly string[]): Promise<readonly string[]>;
  /** Learns of keys the vault has and the control database does not, as after it was put back from a backup. */
  repair(): Promise<number>;
  figures(): { readonly subjects: number; readonly erased: number; readonly shared: number };
};

const openedAtMost = 10_000;
const dayMs = 86_400_000;

export async function createSubjectDirectory(needs: {
  readonly keys: SubjectKeys;
  readonly store: SubjectStore;
  /** 32 bytes; whoever has them can tell whether a name they guess is among the subjects. */
  readonly indexKey: Uint8Array;
  readonly nowMs: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly limits?: SubjectLimits;
}): Promise<SubjectDirectory> {
  const { keys, store, nowMs, limits = defaultSubjectLimits } = needs;
  const bySubject = new Map<string, SubjectKey>();
  const opened = new Map<string, KnownKey>();
  const dayOf = (): number => Math.floor(nowMs() / dayMs);
  let day = dayOf();
  let counted = await store.count(day * dayMs);
  let shared = 0;
  let making: Promise<unknown> = Promise.resolve();
  /** How often keys went: whoever asked before must not remember what has gone meanwhile. */
  let losses = 0;

  const remember = <Value>(map: Map<string, Value>, id: string, value: Value): void => {
    map.delete(id);
    map.set(id, value);
    for (const oldest of map.keys()) {
      if (map.size <= openedAtMost) break;
      map.delete(oldest);
    }
  };
  const indexKey = createSecretKey(needs.indexKey);
  const hashOf = (text: string): string => createHmac('sha256', indexKey).update(text).digest('hex').slice(0, 32);

  const sharedIdOf = (date: string): string => hashOf(`shared\n${date}`);

  const open: SubjectDirectory['open'] = async (keyIds) => {
    const before = losses;
    const known = new Map<string, KnownKey>();
    const missing: string[] = [];
    for (const id of keyIds) {
      const key = opened.get(id);
      if (key === undefined) missing.push(id);
      else {
        remember(opened, id, key);
        known.set(id, key);
      }
    }
    if (missing.length === 0) return known;
    const rows = new Map((await store.byKey(missing)).map((row) => [row.keyId, row]));
    const wanted = missing.filter((id) => rows.get(id)?.erasedAtMs === undefined);
    const found = new Map(
      (wanted.length === 0
        ? []
        : await keys.open(wanted.map((keyId) => ({ keyId, page: rows.get(keyId)?.page ?? '' })))
      ).map((key) => [key.keyId, key]),
    );
    const moved = [...found.values()].filter(
      ({ keyId, page, bytes }) => bytes !== undefined && rows.has(keyId) && rows.get(keyId)?.page !== page,
    );
    if (moved.length > 0) await store.move(moved);
    for (const id of missing) {
      const isErased = rows.get(id)?.erasedAtMs !== undefined;
      const key: KnownKey = found.get(id)?.bytes ?? (isErased ? 'erased' : 'lost');
      // What is missing without having been erased may still be put back.
      if (key !== 'lost' && before === losses) remember(opened, id, key);
      known.set(id, key);
    }
    return known;
  };

  /** Each subject's newest key that is there. */
  const lookUp = async (subjectIds: readonly string[]): Promise<Map<string, SubjectKey>> => {
    const newest = new Map<string, { keyId: string; madeAtMs: number }>();
    for (const row of await store.bySubject(subjectIds)) {
      if (row.erasedAtMs !== undefined) continue;
      if ((newest.get(row.subjectId)?.madeAtMs ?? -1) < row.madeAtMs) newest.set(row.subjectId, row);
    }
    const bytes = await open(new Set([...newest.values()].map(({ keyId }) => keyId)));
    return new Map(
      [...newest].flatMap(([subjectId, { keyId }]) => {
        const key = bytes.get(keyId);
        return key === undefined || typeof key === 'string' ? [] : [[subjectId, { id: keyId, bytes: key }] as const];
      }),
    );
  };

  const make = async (subjectIds: readonly string[]): Promise<Map<string, SubjectKey>> => {
    const made = await keys.make(subjectIds);
    await store.add(
      made.map(({ keyId, page }, order) => ({ keyId, page, subjectId: subjectIds[order] ?? '' })),
      nowMs(),
    );
    counted = { ...counted, keys: counted.keys + made.length, recent: counted.recent + made.length };
    return new Map(
      made.flatMap(({ keyId, bytes }, order) =>
        bytes === undefined ? [] : [[subjectIds[order] ?? '', { id: keyId, bytes }] as const],
      ),
    );
  };

  /** As many as there is room for get a key of their own; the others share that of the day. */
  const makeWithin = async (subjectIds: readonly string[]): Promise<Map<string, SubjectKey>> => {
    if (dayOf() !== day) {
      day = dayOf();
      counted = await store.count(day * dayMs);
      shared = 0;
    }
    // Those that got one while we waited for our turn.
    const found = await lookUp(subjectIds);
    const missing = subjectIds.filter((id) => !found.has(id));
    const room = Math.max(0, Math.min(limits.subjects - counted.keys, limits.newPerDay - counted.recent));
    const [own, rest] = [missing.slice(0, room), missing.slice(room)];
    for (const [id, key] of own.length === 0 ? [] : await make(own)) found.set(id, key);
    if (rest.length > 0) {
      const key = await commonKey();
      for (const id of rest) found.set(id, key);
      shared += rest.length;
    }
    return found;
  };
  const commonKey = async (): Promise<SubjectKey> => {
    const common = sharedIdOf(new Date(nowMs()).toISOString().slice(0, 10));
    const key = bySubject.get(common) ?? (await lookUp([common])).get(common) ?? (await make([common])).get(common);
    if (key === undefined) throw new LedgerError('unavailable', 'Cannot seal personal data: the key vault gave no key');
    remember(bySubject, common, key);
    return key;
  };
  const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = making.then(work);
    making = turn.catch(() => undefined);
    return turn;
  };

  return {
    idOf(kind, value) {
      const normal = normalise(kind, value);
      return normal === undefined ? undefined : hashOf(`${kind}\n${normal}`);
    },
    sharedIdOf,
    async keysFor(subjectIds) {
      const before = losses;
      const found = new Map<string, SubjectKey>();
      let missing: string[] = [];
      for (const id of subjectIds) {
        const key = bySubject.get(id);
        if (key === undefined) missing.push(id);
        else {
          remember(bySubject, id, key);
          found.set(id, key);
        }
      }
      if (missing.length === 0) return found;
      for (const [id, key] of await lookUp(missing)) found.set(id, key);
      missing = missing.filter((id) => !found.has(id));
      if (missing.length > 0) {
        // One after the other: two that come at once get one key.
        for (const [id, key] of await inTurn(async () => makeWithin(missing))) found.set(id, key);
      }
      if (before === losses) for (const [id, key] of found) remember(bySubject, id, key);
      return found;
    },
    sharedKey: () => inTurn(commonKey),
    async known(subjectIds) {
      const cached = subjectIds.filter((id) => bySubject.has(id));
      const others = subjectIds.filter((id) => !bySubject.has(id));
      const rows = others.length === 0 ? [] : await store.bySubject(others);
      const known = new Map<string, SubjectKey | 'kept'>(cached.map((id) => [id, 'kept']));
      for (const { subjectId, keyId, erasedAtMs, forgottenAtMs } of rows) {
        if (erasedAtMs === undefined) known.set(subjectId, 'kept');
        else if (forgottenAtMs === undefined && !known.has(subjectId))
          known.set(subjectId, { id: keyId, bytes: needs.random(32) });
      }
      return known;
    },
    open,
    liveKeys: async (subjectIds) =>
      (await store.bySubject(subjectIds)).filter((row) => row.erasedAtMs === undefined).map(({ keyId }) => keyId),
    async separate(keyIds) {
      const { pages, moved } = await keys.separate(keyIds);
      await store.move(moved);
      return pages;
    },
    async setApart(keyIds) {
      const rows = await keys.setApart(keyIds);
      const placed = new Set(rows.map(({ keyId }) => keyId));
      const missing = keyIds.filter((id) => !placed.has(id)).length;
      if (missing > 0)
        throw new PersonalDataError(
          'request_refused',
          `Cannot hold this: ${missing} of ${keyIds.length} keys are on their way out of the vault`,
          { hint: 'cancel the erasure, which brings them back, and ask again: sallyport vault destroy --cancel ID' },
        );
      await store.move(rows);
      return [...new Set(rows.map(({ page }) => page))];
    },
    async forgetPages(pages) {
      const concerned = await store.onPages(pages);
      if (concerned.length === 0) return [];
      for (const id of concerned) opened.delete(id);
      const found = await keys.open(concerned.map((keyId) => ({ keyId, page: '' })));
      await store.move(found.filter(({ bytes }) => bytes !== undefined));
      const gone = found.filter(({ bytes, isLost }) => bytes === undefined && !isLost).map(({ keyId }) => keyId);
      await store.markErased(gone, nowMs());
      losses += 1;
      const erased = new Set(gone);
      for (const id of erased) remember(opened, id, 'erased');
      for (const [subjectId, key] of bySubject) if (erased.has(key.id)) bySubject.delete(subjectId);
      counted = { ...counted, erased: counted.erased + gone.length };
      await keys.sweep();
      return gone;
    },
    async repair() {
      let learnt = 0;
      const lost = new Set(await keys.lost());
      for (const page of await keys.pages()) {
        if (lost.has(page)) continue;
        const rows = await keys.rows(page);
        const known = new Set((await store.byKey(rows.map(({ keyId }) => keyId))).map(({ keyId }) => keyId));
        const missing = rows.filter(({ keyId }) => !known.has(keyId));
        await store.add(missing, 0);
        learnt += missing.length;
      }
      if (learnt > 0) counted = await store.count(day * dayMs);
      return learnt;
    },
    figures: () => ({ subjects: counted.keys - counted.erased, erased: counted.erased, shared }),
  };
}
