import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { ShownIntent } from '@sallyport/key-vault/server';
import { auditEvent } from '@sallyport/ledger';
import type { Actor } from '@sallyport/ledger';
import { messageOf } from '@sallyport/platform/errors';
import { PersonalDataError } from './errors.ts';
import { createForgetting } from './forgetting.ts';
import { refuseHeldEvents } from './held-events.ts';
import { readAbout } from './identifiers.ts';
import type { Identifier } from './identifiers.ts';
import { createSubjectHolds } from './subject-holds.ts';
import type { SubjectHolds } from './subject-holds.ts';
import { createLostPages, refuseLost } from './lost-pages.ts';
import type { Forgetting, Forgotten } from './forgetting.ts';
import type { PersonalDataNeeds, RequestNeeds } from './needs.ts';
import { keyIdsOf, openBody } from './open-body.ts';
import { createRequestStore } from './request-store.ts';
import type { RequestKind, StoredRequest } from './request-store.ts';
import { countEvents, exportOf } from './sealed-events.ts';
import type { FoundEvents } from './sealed-events.ts';
import { createTokenSealer } from './string-token.ts';
import type { SubjectKey } from './string-token.ts';
import type { SubjectDirectory } from './subject-directory.ts';
import type { SubjectStore } from './subject-store.ts';

export type FoundSubject = Identifier & {
  /** Undefined: the value names nobody. */
  readonly subjectId: string | undefined;
  readonly keys: readonly {
    readonly keyId: string;
    readonly madeAtMs: number;
    readonly erasedAtMs: number | undefined;
    readonly forgottenAtMs: number | undefined;
  }[];
};

export type ShownRequest = StoredRequest & {
  /** Undefined once erased: it was sealed under the same keys. */
  readonly about: readonly Identifier[] | undefined;
  readonly destruction: ShownIntent | undefined;
  readonly state: 'answered' | 'waiting' | 'cancelled' | 'forgetting' | 'held' | 'erased';
};

export type SubjectRequests = {
  find(identifiers: readonly Identifier[]): Promise<{ subjects: readonly FoundSubject[]; events: FoundEvents }>;
  /** Throws `subject_unknown`, `request_refused`, and what the destruction of keys refuses. */
  ask(request: {
    readonly kind: RequestKind;
    readonly about: readonly Identifier[];
    readonly reason: string;
    readonly actor: Actor;
  }): Promise<ShownRequest>;
  list(): Promise<readonly ShownRequest[]>;
  get(id: string): Promise<ShownRequest>;
  /** Everything sealed under the subjects' keys, opened, piece by piece as JSON text. Recorded before its first piece. */
  exported(id: string, actor: Actor): Promise<AsyncIterable<string>>;
  readonly holds: SubjectHolds;
  readonly forgetting: Forgetting;
  /** Pages of keys that are in neither copy of the vault. */
  lostPages(): number;
  /** Resolves when what is done from time to time was done. */
  looked(): Promise<void>;
  close(): Promise<void>;
};

const itself: Actor = { kind: 'server', id: 'personal-data', name: 'Personal data' };
const retryMs = 60_000;

export function createSubjectRequests(
  needs: PersonalDataNeeds & RequestNeeds & { readonly store: SubjectStore; readonly directory: SubjectDirectory },
): SubjectRequests {
  const { store, directory, database, outbox, clock } = needs;
  const requests = createRequestStore(database);

  const idOf = ({ kind, value }: Identifier): string | undefined =>
    kind === 'shared' ? directory.sharedIdOf(value) : directory.idOf(kind, value);

  const record = async (
    { actor, action, id, details }: { actor: Actor; action: string; id: string; details?: JsonObject },
    change: (transaction: Parameters<typeof requests.add>[0]) => Promise<void>,
  ): Promise<void> => {
    const event = auditEvent({
      nowMs: clock.nowMs(),
      actor,
      action,
      classUid: ocsfClass.entityManagement,
      activityId: 99,
      outcome: 'success',
      target: { type: 'personal_data_request', id },
      ...(details === undefined ? {} : { details }),
    });
    await database.transaction().execute(async (transaction) => {
      await change(transaction);
      await outbox.record(transaction, event);
    });
    await outbox.flushed();
  };

  const look = async (identifiers: readonly Identifier[]): Promise<readonly FoundSubject[]> => {
    const ids = identifiers.map(idOf);
    const rows = await store.bySubject(ids.filter((id) => id !== undefined));
    return identifiers.map((identifier, at) => ({
      ...identifier,
      subjectId: ids[at],
      keys: rows
        .filter(({ subjectId }) => subjectId === ids[at])
        .map(({ keyId, madeAtMs, erasedAtMs, forgottenAtMs }) => ({ keyId, madeAtMs, erasedAtMs, forgottenAtMs })),
    }));
  };

  const seal = async (about: readonly Identifier[], keyIds: readonly string[]): Promise<string> => {
    const opened = await directory.open(new Set(keyIds));
    const keys = keyIds.flatMap((id): SubjectKey[] => {
      const bytes = opened.get(id);
      return bytes === undefined || typeof bytes === 'string' ? [] : [{ id, bytes }];
    });
    const plain = JSON.stringify(JSON.stringify(about));
    return `\t${createTokenSealer(needs.random)({ keys, plain, holds: 'literal' })}`;
  };

  const readSealed = async (sealed: string): Promise<readonly Identifier[] | undefined> => {
    const keys = await directory.open(keyIdsOf(sealed));
    return readAbout(openBody(sealed, (id) => keys.get(id) ?? 'lost').text);
  };
  const liveKeysOf = async (about: readonly Identifier[]): Promise<readonly string[]> =>
    directory.liveKeys(about.map(idOf).filter((id) => id !== undefined));
  const holds = createSubjectHolds({ ...needs, keyIdsOf: liveKeysOf, seal, readSealed });

  const shown = async (request: StoredRequest): Promise<ShownRequest> => {
    const about = await readSealed(request.sealed);
    const destruction =
      request.destructionId === undefined ? undefined : await needs.destructions?.find(request.destructionId);
    const rows = await store.byKey(request.keyIds);
    return { ...request, about, destruction, state: stateOf(request, destruction, rows) };
  };

  const found = async (id: string): Promise<StoredRequest> => {
    const request = await requests.find(id);
    if (request === undefined) throw new PersonalDataError('request_unknown', `Cannot find request "${id}"`);
    return request;
  };

  const onForgotten = async ({ keyIds, events }: Forgotten): Promise<void> => {
    const gone = new Set(keyIds);
    for (const request of await requests.open()) {
      if (!request.keyIds.some((id) => gone.has(id))) continue;
      const rows = await store.byKey(request.keyIds);
      if (!rows.every((row) => row.forgottenAtMs !== undefined || gone.has(row.keyId))) continue;
      const ended = { forgotten: events, endedAtMs: clock.nowMs() };
      const details = { events, destruction: request.destructionId ?? '' };
      await record({ actor: itself, action: 'personal_data.erased', id: request.id, details }, async (transaction) =>
        requests.end(transaction, request.id, ended),
      );
    }
  };
  const forgetting = createForgetting({ ...needs, nowMs: () => clock.nowMs(), onForgotten });
  let working: Promise<void> = Promise.resolve();
  const lostPages = createLostPages({
    ...needs,
    nowMs: () => clock.nowMs(),
    async record(event) {
      await database.transaction().execute(async (transaction) => outbox.record(transaction, event));
      await outbox.flushed();
    },
  });
  const work = (): void => {
    working = Promise.all([
      forgetting.run().catch(() => undefined),
      lostPages
        .look()
        .catch((error: unknown) =>
          needs.log.warn('Pages of people’s keys could not be looked for', { reason: messageOf(error) }),
        ),
    ]).then(() => undefined);
  };
  const stops = [needs.every(retryMs, work), needs.destructions?.onDestroyed(work) ?? (() => undefined)];
  work();

  return {
    async find(identifiers) {
      const subjects = await look(identifiers);
      const keyIds = new Set(subjects.flatMap(({ keys }) => keys.map(({ keyId }) => keyId)));
      return { subjects, events: await countEvents(needs, keyIds) };
    },
    async ask({ kind, about, reason, actor }) {
      const keyIds = await liveKeysOf(about);
      if (keyIds.length === 0) {
        throw new PersonalDataError('subject_unknown', 'Cannot ask this: nothing is sealed under these names', {
          hint: 'events recorded before a field was declared are not sealed and not found here',
        });
      }
      const id = needs.random(8).toString('hex');
      const { destructions } = needs;
      if (kind === 'erasure' && destructions === undefined)
        throw new PersonalDataError('request_refused', 'Cannot erase: keys cannot be destroyed here');
      if (kind === 'erasure' && destructions !== undefined) {
        await refuseLost(needs);
        await holds.refuseHeld(new Set(keyIds));
        await refuseHeldEvents(needs, new Set(keyIds), await destructions.holds());
      }
      const sealed = await seal(about, keyIds);
      const intent =
        kind === 'access' || destructions === undefined
          ? undefined
          : await destructions.propose({ kind: 'request', keyIds: await directory.separate(keyIds), reason }, actor.id);
      const request: StoredRequest = {
        id,
        kind,
        keyIds,
        sealed,
        reason,
        askedAtMs: clock.nowMs(),
        askedBy: { id: actor.id, name: actor.name },
        destructionId: intent?.id,
        forgotten: 0,
        endedAtMs: undefined,
      };
      const details = { reason, keys: keyIds.length, ...(intent === undefined ? {} : { destruction: intent.id }) };
      await record({ actor, action: `personal_data.${kind}_requested`, id, details }, async (transaction) =>
        requests.add(transaction, request),
      );
      return shown(request);
    },
    list: async () => {
      const all: ShownRequest[] = [];
      for (const request of await requests.list()) all.push(await shown(request));
      return all;
    },
    get: async (id) => shown(await found(id)),
    async exported(id, actor) {
      const request = await found(id);
      await record({ actor, action: 'personal_data.exported', id }, async () => undefined);
      return exportOf(needs, await shown(request));
    },
    holds,
    forgetting,
    lostPages: () => lostPages.count(),
    looked: () => working,
    async close() {
      for (const stop of stops) stop();
      forgetting.stop();
      await working;
    },
  };
}

function stateOf(
  request: StoredRequest,
  destruction: ShownIntent | undefined,
  keys: readonly { readonly erasedAtMs: number | undefined }[],
): ShownRequest['state'] {
  if (request.kind === 'access') return 'answered';
  if (request.endedAtMs !== undefined) return 'erased';
  if (keys.every(({ erasedAtMs }) => erasedAtMs !== undefined)) return 'forgetting';
  if (destruction === undefined || destruction.stage === 'cancelled') return 'cancelled';
  return ['removed', 'destroying', 'scheduled', 'destroyed', 'emptied'].includes(destruction.stage)
    ? 'held'
    : 'waiting';
}
