import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor } from '@sallyport/ledger';
import { createDeclarationStore } from './declaration-store.ts';
import type { StoredDeclaration } from './declaration-store.ts';
import type { Declaration } from './declarations.ts';
import type { PersonalDataNeeds, RequestNeeds } from './needs.ts';
import { keyIdsOf, openingsOf } from './open-body.ts';
import type { Opening } from './string-token.ts';
import { createSealedLedger } from './sealed-ledger.ts';
import type { SealedLedger } from './sealed-ledger.ts';
import { createSubjectDirectory } from './subject-directory.ts';
import { createSubjectRequests } from './subject-requests.ts';
import type { SubjectRequests } from './subject-requests.ts';
import { createSubjectStore } from './subject-store.ts';

export type PersonalDataHealth = {
  /** Subjects with a key of their own. */
  readonly subjects: number;
  readonly erased: number;
  /** Values sealed today under the key of the day, for want of room. */
  readonly shared: number;
  /** Events read since the start that do not open though nobody erased them. */
  readonly unreadable: number;
};

/** Names of people sealed under keys of their own, so that a name can be erased from what nobody can rewrite. */
export type PersonalData = {
  /** The ledger as everybody else is to have it. */
  readonly ledger: SealedLedger;
  /** In the order of a marked body's tokens: what opens each for somebody without keys, undefined for what is erased. */
  openings(marked: string): Promise<readonly (Opening | undefined)[]>;
  health(): PersonalDataHealth;
  /** What people ask and declare. It records what it does, hence comes after the outbox on the ledger above. */
  serve(needs: RequestNeeds): PersonalDataService;
};

export type PersonalDataService = {
  readonly declarations: {
    list(): readonly StoredDeclaration[];
    /** In force for everything appended after it resolves; what was recorded before stays as it is. */
    put(name: string, declaration: Declaration, actor: Actor): Promise<StoredDeclaration>;
    remove(name: string, actor: Actor): Promise<void>;
  };
  readonly requests: SubjectRequests;
  health(): PersonalDataHealth;
};

export async function createPersonalData(needs: PersonalDataNeeds): Promise<PersonalData> {
  const { database, clock, log } = needs;
  const store = createSubjectStore(database);
  const directory = await createSubjectDirectory({ ...needs, store, nowMs: () => clock.nowMs() });
  const learnt = await directory.repair();
  if (learnt > 0) log.warn('The vault holds keys of subjects the control database did not know', { keys: learnt });
  const declarations = await createDeclarationStore(database);
  const ledger = createSealedLedger({
    ...needs,
    directory,
    store,
    fieldsOf: (collector) => declarations.fieldsOf(collector),
    onUnreadable: (events) =>
      log.error('Personal data does not open, and nothing here says that it was erased', { events }),
  });
  const health = (): PersonalDataHealth => ({ ...directory.figures(), unreadable: ledger.unreadable() });

  return {
    ledger,
    async openings(marked) {
      const keys = await directory.open(keyIdsOf(marked));
      return openingsOf(marked, (id) => keys.get(id) ?? 'lost');
    },
    health,
    serve(requestNeeds) {
      const { outbox } = requestNeeds;
      const change = async (
        action: string,
        { name, details, actor }: { name: string; details?: Declaration; actor: Actor },
        write: (transaction: Parameters<typeof declarations.put>[0]) => Promise<void>,
      ): Promise<void> => {
        const event = auditEvent({
          nowMs: clock.nowMs(),
          actor,
          action,
          classUid: ocsfClass.entityManagement,
          activityId: 3,
          outcome: 'success',
          target: { type: 'personal_data_declaration', id: name },
          ...(details === undefined
            ? {}
            : { details: { kind: details.kind, paths: details.paths, sources: details.sources ?? null } }),
        });
        await database.transaction().execute(async (transaction) => {
          await write(transaction);
          await outbox.record(transaction, event);
        });
        await declarations.refresh();
        await outbox.flushed();
      };
      return {
        declarations: {
          list: () => declarations.list(),
          async put(name, declaration, actor) {
            const stored = { ...declaration, name, declaredAtMs: clock.nowMs(), declaredBy: actor.name };
            await change('personal_data.declared', { name, details: declaration, actor }, async (transaction) =>
              declarations.put(transaction, stored),
            );
            return stored;
          },
          remove: async (name, actor) =>
            change('personal_data.undeclared', { name, actor }, async (transaction) =>
              declarations.remove(transaction, name),
            ),
        },
        requests: createSubjectRequests({ ...needs, ...requestNeeds, store, directory }),
        health,
      };
    },
  };
}
