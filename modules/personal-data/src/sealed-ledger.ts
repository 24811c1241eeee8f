import { isSealedBody, maxTokenKeys, parseJson } from '@sallyport/contracts';
import type { JsonValue, Position } from '@sallyport/contracts';
import { LedgerError } from '@sallyport/ledger';
import type { AppendBatch, AppendEntry, Ledger, LedgerEvent } from '@sallyport/ledger';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { DeclaredFields } from './declarations.ts';
import { mayBe, subjectKinds } from './kinds.ts';
import type { SubjectKind } from './kinds.ts';
import { wordsOf } from './known-words.ts';
import { keyIdsOf, openBody } from './open-body.ts';
import { sealBody } from './seal-body.ts';
import type { FoundValue } from './seal-body.ts';
import { bucketEntries } from './subject-store.ts';
import type { SubjectStore } from './subject-store.ts';
import type { SubjectDirectory } from './subject-directory.ts';
import type { SubjectKey } from './string-token.ts';

/** The part of the ledger events go through. */
export type EventLedger = Pick<Ledger, 'append' | 'read' | 'head'>;

export type SealedLedger = EventLedger & {
  /** Events read that could not be opened though nobody erased them, since the start. */
  readonly unreadable: () => number;
};

type Needs = {
  readonly ledger: EventLedger;
  readonly directory: SubjectDirectory;
  readonly store: Pick<SubjectStore, 'addPlaces'>;
  /** What is declared for a collector's events now. */
  readonly fieldsOf: (collector: string) => DeclaredFields | undefined;
  readonly random: (bytes: number) => Buffer;
  readonly onUnreadable: (count: number) => void;
};

type Value = { readonly subjectId: string; readonly written: string; readonly isDeclared: boolean };
type Found = { readonly text: string; readonly values: readonly Value[] };
type Sealed = { readonly batch: AppendBatch; readonly keyIds: ReadonlySet<string> };

/** So many places are remembered as written down. */
const placesInMemory = 50_000;
/** One key is left for whoever shares the rest. */
const mostSubjects = maxTokenKeys - 1;

/**
 * The ledger with personal data sealed on its way in and opened on its way out. Batches keep the order in which they were handed in.
 * A batch nothing is declared for is passed on untouched, in the same turn.
 */
export function createSealedLedger(needs: Needs): SealedLedger {
  const { ledger, directory, store, random } = needs;
  const written = new Set<string>();
  let before: Promise<unknown> | undefined;
  let unreadable = 0;

  const findIn = (
    { body }: AppendEntry,
    fields: DeclaredFields | undefined,
    kinds: readonly SubjectKind[],
    idOf: SubjectDirectory['idOf'],
  ): Found | undefined => {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
    const event = readEvent(text);
    if (event === undefined) return undefined;
    const values = new Map<string, Value>();
    const add = (kind: SubjectKind, written: string, isDeclared: boolean): void => {
      const subjectId = idOf(kind, written);
      if (subjectId === undefined || values.has(`${subjectId} ${written}`)) return;
      values.set(`${subjectId} ${written}`, { subjectId, written, isDeclared });
    };
    for (const { kind, written } of fields?.valuesIn(event) ?? []) add(kind, written, true);
    if (kinds.length > 0)
      for (const word of wordsOf(event)) for (const kind of kinds) if (mayBe(kind, word)) add(kind, word, false);
    return { text, values: [...values.values()] };
  };

  /** A word is not somebody because it stands in a record of ours: it must be declared there, or known from elsewhere. */
  const withoutStrangers = (
    found: readonly (Found | undefined)[],
    known: ReadonlyMap<string, unknown>,
  ): readonly (Found | undefined)[] => {
    const isSomebody = ({ isDeclared, subjectId }: Value): boolean => isDeclared || known.has(subjectId);
    return found.map((one) => (one === undefined ? one : { ...one, values: one.values.filter(isSomebody) }));
  };

  const notePlaces = async (keyIds: ReadonlySet<string>, positions: readonly Position[]): Promise<void> => {
    const places = new Map<string, { keyId: string; log: number; bucket: number }>();
    for (const { log, index } of positions) {
      const bucket = Math.floor(index / bucketEntries);
      for (const keyId of keyIds) {
        const name = `${keyId} ${log} ${bucket}`;
        if (!written.has(name)) places.set(name, { keyId, log, bucket });
      }
    }
    if (places.size === 0) return;
    await store.addPlaces([...places.values()]);
    if (written.size > placesInMemory) written.clear();
    for (const name of places.keys()) written.add(name);
  };

  const seal = async (batch: AppendBatch, fields: DeclaredFields | undefined): Promise<Sealed> => {
    const kinds = searchedKinds(batch);
    const idOf = remembering((kind, written) => directory.idOf(kind, written));
    const all = batch.entries.map((entry) => findIn(entry, fields, kinds, idOf));
    const known = kinds.length === 0 ? new Map<string, never>() : await directory.known([...subjectsOf(all)]);
    const found = withoutStrangers(all, known);
    const keys = new Map<string, SubjectKey>();
    for (const [id, key] of known) if (key !== 'kept') keys.set(id, key);
    // No keys are made for those of an event that will share one.
    const wanted = subjectsOf(found, mostSubjects).difference(keys);
    for (const [id, key] of await directory.keysFor(wanted)) keys.set(id, key);
    const keyIds = new Set<string>();
    const entries: AppendEntry[] = [];
    for (const [order, entry] of batch.entries.entries()) {
      const { text, values } = found[order] ?? { text: '', values: [] };
      const keyed = await bounded(values, keys);
      for (const { key } of keyed) keyIds.add(key.id);
      entries.push(
        keyed.length === 0 ? unmarked(entry) : { ...entry, body: Buffer.from(sealBody(text, keyed, random)) },
      );
    }
    return { batch: { ...batch, entries }, keyIds };
  };
  const searchedKinds = ({ priority }: AppendBatch): readonly SubjectKind[] =>
    priority === 'control' && directory.figures().subjects > 0 ? subjectKinds : [];

  /** So many subjects in one event that a token cannot name them all share one key, as do those there is no room for. */
  const bounded = async (
    values: readonly Value[],
    keys: ReadonlyMap<string, FoundValue['key']>,
  ): Promise<readonly FoundValue[]> => {
    const found = values.map(({ subjectId, written: value }) => ({ written: value, key: keys.get(subjectId) }));
    const keyed = found.flatMap(({ written: value, key }) => (key === undefined ? [] : [{ written: value, key }]));
    const own = new Set(keyed.map(({ key }) => key.id));
    if (own.size <= mostSubjects && keyed.length === found.length) return keyed;
    const kept = new Set([...own].slice(0, mostSubjects));
    const common = await directory.sharedKey();
    return found.map(({ written: value, key }) => ({
      written: value,
      key: key !== undefined && kept.has(key.id) ? key : common,
    }));
  };

  const isUntouched = (batch: AppendBatch, fields: DeclaredFields | undefined): boolean =>
    fields === undefined && searchedKinds(batch).length === 0;
  const sealOrPass = async (batch: AppendBatch, fields: DeclaredFields | undefined): Promise<Sealed> =>
    isUntouched(batch, fields) ? { batch: withoutMarks(batch), keyIds: new Set() } : seal(batch, fields);

  /** Sealed while those before are still on their way, handed on after them. */
  const handOn = async (
    batch: AppendBatch,
    fields: DeclaredFields | undefined,
    turn: Promise<unknown> | undefined,
  ): Promise<{ readonly positions: Promise<readonly Position[]>; readonly keyIds: ReadonlySet<string> }> => {
    const sealing = sealOrPass(batch, fields).catch((error: unknown) => {
      throw asLedgerError(error);
    });
    sealing.catch(() => undefined);
    await turn;
    const { batch: sealed, keyIds } = await sealing;
    const head = ledger.head();
    // Before they are recorded, so that a crash in between leaves nothing an erasure would not find.
    if (keyIds.size > 0) await notePlaces(keyIds, [head, { log: head.log, index: head.index + bucketEntries / 2 }]);
    const positions = ledger.append(sealed);
    positions.catch(() => undefined);
    return { positions, keyIds };
  };

  return {
    head: () => ledger.head(),
    unreadable: () => unreadable,
    async append(batch) {
      const fields = needs.fieldsOf(batch.collector);
      if (before === undefined && isUntouched(batch, fields)) return ledger.append(withoutMarks(batch));
      const handed = handOn(batch, fields, before);
      const done = handed
        .catch(() => undefined)
        .then(() => {
          if (before === done) before = undefined;
        });
      before = done;
      const { positions, keyIds } = await handed;
      const recorded = await positions;
      if (keyIds.size > 0) await notePlaces(keyIds, recorded);
      return recorded;
    },
    async read(from, limits) {
      const range = await ledger.read(from, limits);
      if (!range.events.some(isMarked)) return range;
      const texts = range.events.map((event) =>
        isMarked(event) ? Buffer.from(event.body ?? []).toString('utf8') : undefined,
      );
      const keyIds = new Set(texts.flatMap((text) => (text === undefined ? [] : [...keyIdsOf(text)])));
      const keys = await directory.open(keyIds);
      let lost = 0;
      const events = range.events.map((event, order): LedgerEvent => {
        const text = texts[order];
        if (text === undefined) return event;
        const opened = openBody(text, (id) => keys.get(id) ?? 'lost');
        lost += opened.lost > 0 ? 1 : 0;
        return { ...event, body: Buffer.from(opened.text) };
      });
      if (lost > 0) {
        unreadable += lost;
        needs.onUnreadable(lost);
      }
      return { ...range, events };
    },
  };
}

/** At most so many of each event. */
function subjectsOf(found: readonly (Found | undefined)[], most = Infinity): Set<string> {
  return new Set(
    found.flatMap((one) => [...new Set(one?.values.map(({ subjectId }) => subjectId) ?? [])].slice(0, most)),
  );
}

/** Findings of a batch say much in the same words. */
function remembering(idOf: SubjectDirectory['idOf']): SubjectDirectory['idOf'] {
  const known = new Map<string, string | undefined>();
  return (kind, written) => {
    const name = `${kind} ${written}`;
    if (!known.has(name)) known.set(name, idOf(kind, written));
    return known.get(name);
  };
}

function isMarked({ body }: LedgerEvent): boolean {
  return body !== undefined && isSealedBody(body);
}

function readEvent(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** To whoever appends it is one ledger: what is refused is sent again later. */
function asLedgerError(error: unknown): LedgerError {
  if (error instanceof LedgerError) return error;
  const code = codeOf(error) === 'disk_low' ? 'disk_low' : 'unavailable';
  return new LedgerError(code, `Cannot seal personal data: ${messageOf(error)}`, { cause: error });
}

/** Only the sealer here marks bodies. White space before JSON says nothing, so that of anybody else is dropped. */
function unmarked(entry: AppendEntry): AppendEntry {
  if (!isSealedBody(entry.body)) return entry;
  let start = 0;
  while (isSealedBody(entry.body.subarray(start))) start += 1;
  return { ...entry, body: entry.body.subarray(start) };
}

function withoutMarks(batch: AppendBatch): AppendBatch {
  return batch.entries.some(({ body }) => isSealedBody(body))
    ? { ...batch, entries: batch.entries.map(unmarked) }
    : batch;
}
