import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createTurns } from '@sallyport/platform/turns';
import { PolicyLibraryError } from './errors.ts';
import type { PolicyLibraryNeeds } from './needs.ts';
import { documentHash, documentLimits as limits } from './policy-document.ts';
import type { Author, PolicyDocument, PolicyText } from './policy-document.ts';
import { distinctAuthors } from './authors.ts';
import type { AuthorOf } from './authors.ts';
import { refuseDamaged, unknownWriter } from './damaged-drafts.ts';
import type { DamagedDraft, DamagedRow } from './damaged-drafts.ts';
import { createFoundDamage } from './found-damage.ts';
import type { Found } from './found-damage.ts';
import { policyEvent } from './policy-event.ts';
import type { PolicyAction } from './policy-event.ts';
import { textsWith } from './policy-set.ts';
import type { PolicyStore } from './policy-store.ts';
import type { Tried } from './policy-tasks.ts';
import type { PolicyThread } from './policy-thread.ts';
import type { KeptVersion } from './policy-version.ts';
import type { StandingNow } from './standing-now.ts';

export type Draft = Omit<PolicyText, 'id'>;

/** Policies as they are being written; in force nowhere. Every change leaves an audit event, durable before it resolves. */
export type PolicyDocuments = {
  /** With those beside them that are not as they were sealed: each is saved anew or removed by its revision, unread. */
  list(): Promise<{ readonly documents: readonly PolicyDocument[]; readonly damaged: readonly Found<DamagedDraft>[] }>;
  /** Throws `policy_document_unknown`, `policy_document_damaged`. */
  get(id: string): Promise<PolicyDocument>;
  /** What is wrong with a text beside all others, and what its tests come to. Nothing is kept. */
  attempt(draft: Draft, id?: string): Promise<Tried>;
  /** A draft may be wrong: it is saved all the same. Throws `policy_documents_full`, `policy_document_conflict` where the id is taken. */
  create(id: string, draft: Draft, by: Principal): Promise<PolicyDocument>;
  /** On top of revision `expected`. Throws `policy_document_conflict` when somebody saved meanwhile. */
  save(id: string, draft: Draft, expected: number, by: Principal): Promise<PolicyDocument>;
  remove(id: string, expected: number, by: Principal): Promise<void>;
};

const mostWriters = 50;

type Before = PolicyDocument | DamagedRow | undefined;

export function createPolicyDocuments(
  needs: Pick<PolicyLibraryNeeds, 'database' | 'outbox' | 'clock' | 'bundled'>,
  parts: {
    readonly store: PolicyStore;
    readonly thread: Pick<PolicyThread, 'attempt'>;
    readonly authorOf: AuthorOf;
    readonly standing: () => Promise<StandingNow<KeptVersion>>;
  },
): PolicyDocuments {
  const { store, thread, authorOf } = parts;
  const inTurn = createTurns();
  const dated = createFoundDamage(needs.clock);

  async function get(id: string): Promise<PolicyDocument> {
    const found = await standingAs(id);
    return 'why' in found ? refuseDamaged(found, PolicyLibraryError, 'policy_document_damaged') : found;
  }

  async function standingAs(id: string): Promise<PolicyDocument | DamagedRow> {
    const found = await store.document(id);
    if (found !== undefined) return found;
    throw new PolicyLibraryError('policy_document_unknown', `Cannot find policy document "${id.slice(0, 64)}"`);
  }

  async function record(
    change: {
      readonly action: PolicyAction;
      readonly document: { readonly id: string; readonly name: string };
      readonly by: Principal;
      readonly details: JsonObject;
    },
    apply: (transaction: Transaction) => Promise<boolean>,
  ): Promise<void> {
    const { action, document, by, details } = change;
    await needs.database.transaction().execute(async (transaction) => {
      if (!(await apply(transaction))) throw conflict(document.id);
      const target = { type: 'policy-document', id: document.id, name: document.name } as const;
      await needs.outbox.record(transaction, policyEvent({ nowMs: needs.clock.nowMs(), by, action, target, details }));
    });
    await needs.outbox.flushed();
  }

  /** Whoever changes what somebody else wrote does not become its only author. */
  async function writersWith(by: Author, id: string, before: Before): Promise<readonly Author[]> {
    const earlier =
      before === undefined
        ? ((await store.drafts()).removed.get(id) ?? [])
        : 'why' in before
          ? [unknownWriter]
          : before.writers;
    // Where nobody can tell what is in force all who wrote it stay its authors.
    const inForce = (await parts.standing()).made?.texts ?? [];
    const isAsInForce = inForce.some((one) => one.id === id && hashOf(before) === documentHash(one));
    return distinctAuthors([...(isAsInForce ? [] : earlier), by]).slice(-mostWriters);
  }

  async function put(id: string, draft: Draft, by: Principal, before: Before): Promise<void> {
    refuseTooLarge(draft);
    const author = await authorOf(by);
    const writers = await writersWith(author, id, before);
    const made = { ...draft, id, by: author, writers, changedMs: needs.clock.nowMs() };
    const details = {
      revision: (before?.revision ?? 0) + 1,
      sha256: documentHash(draft),
      ...(before === undefined ? {} : { before: toldOf(before) }),
      tests: draft.tests.length,
    };
    const action = before === undefined ? 'create' : 'save';
    return record({ action, document: { id, name: draft.name }, by, details }, (transaction) =>
      store.put(transaction, made, before),
    );
  }

  return {
    async list() {
      const { documents, damaged } = await store.drafts();
      const told = damaged.map(({ id, revision, why }) => ({ id, revision, why }));
      return { documents, damaged: dated(told, ({ id }) => id) };
    },
    get,
    async attempt(draft, id = 'new') {
      refuseTooLarge(draft);
      const others = (await store.drafts()).documents.filter((one) => one.id !== id);
      return thread.attempt({
        texts: textsWith(needs.bundled, [...others, { ...draft, id }]),
        tests: [{ id, name: draft.name, tests: draft.tests }],
      });
    },
    create: (id, draft, by) =>
      inTurn(async () => {
        const { documents, damaged } = await store.drafts();
        const all = [...documents, ...damaged];
        if (all.length >= limits.documents)
          throw new PolicyLibraryError(
            'policy_documents_full',
            `Cannot keep another policy document: there are ${all.length}, must be at most ${limits.documents}`,
          );
        if (all.some((one) => one.id === id)) throw conflict(id);
        await put(id, draft, by, undefined);
        return get(id);
      }),
    save: (id, draft, expected, by) =>
      inTurn(async () => {
        const before = await standingAs(id);
        refuseOther(before, expected);
        await put(id, draft, by, before);
        return get(id);
      }),
    remove: (id, expected, by) =>
      inTurn(async () => {
        const before = await standingAs(id);
        refuseOther(before, expected);
        const details = { before: toldOf(before) };
        const author = await authorOf(by);
        const removal = {
          by: author,
          writers: await writersWith(author, id, before),
          changedMs: needs.clock.nowMs(),
        };
        const name = 'why' in before ? id : before.name;
        await record({ action: 'delete', document: { id, name }, by, details }, (transaction) =>
          store.remove(transaction, before, removal),
        );
      }),
  };
}

function refuseTooLarge({ text }: Draft): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.textBytes)
    throw new PolicyLibraryError(
      'policy_document_invalid',
      `Cannot take the text: it has ${bytes} bytes, must be at most ${limits.textBytes}`,
    );
}

function hashOf(before: Before): string | undefined {
  return before === undefined || 'why' in before ? undefined : before.hash;
}

function toldOf(before: Exclude<Before, undefined>): JsonObject {
  const { revision } = before;
  return 'why' in before ? { revision, damaged: before.why.slice(0, 300) } : { revision, sha256: before.hash };
}

function refuseOther(before: Exclude<Before, undefined>, expected: number): void {
  const { id, revision } = before;
  if (revision === expected) return;
  const changedBy = 'why' in before ? unknownWriter : before.changedBy;
  throw new PolicyLibraryError(
    'policy_document_conflict',
    `Cannot go on from revision ${expected} of "${id}": ${changedBy.name} saved revision ${revision} meanwhile`,
    { details: { revision }, hint: 'look at what was changed, then save on top of it' },
  );
}

function conflict(id: string): PolicyLibraryError {
  return new PolicyLibraryError('policy_document_conflict', `Cannot save "${id}": somebody else did just now`, {
    hint: 'look at what was changed, then save on top of it',
  });
}
