import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createTurns } from '@sallyport/platform/turns';
import { createFoundDamage, distinctAuthors, refuseDamaged, unknownWriter } from '@sallyport/policy-library';
import type { Author, DamagedDraft, DamagedRow, Found } from '@sallyport/policy-library';
import { guardEvent } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import { authorOf } from './needs.ts';
import type { OwnPoliciesNeeds } from './needs.ts';
import { draftHash, ownLimits } from '../decisions/own-policy.ts';
import type { OwnDraft } from '../decisions/own-policy.ts';
import type { OwnStore } from './own-store.ts';
import type { OwnTried } from './own-tasks.ts';
import type { OwnThread } from './own-thread.ts';
import type { OwnDocument } from './own-version.ts';

/** Policies as they are being written; in force nowhere. Every change leaves an audit event, durable before it resolves. */
export type OwnDocuments = {
  /** With those beside them that are not as they were sealed: each is saved anew or removed by its revision, unread. */
  list(): Promise<{ readonly documents: readonly OwnDocument[]; readonly damaged: readonly Found<DamagedDraft>[] }>;
  /** Throws `agent_policy_unknown`, `agent_policy_damaged`. */
  get(id: string): Promise<OwnDocument>;
  /** What is wrong with a draft beside all others, and what its tests come to. Nothing is kept. */
  attempt(draft: OwnDraft, id?: string): Promise<OwnTried>;
  /** A draft may be wrong: it is kept all the same. `others` count among who wrote it. Throws `agent_limit_reached`, `agent_policy_conflict`. */
  create(id: string, draft: OwnDraft, by: Principal, others?: readonly Author[]): Promise<OwnDocument>;
  /** On top of revision `expected`. Throws `agent_policy_conflict` when somebody saved meanwhile. */
  save(id: string, draft: OwnDraft, expected: number, by: Principal): Promise<OwnDocument>;
  remove(id: string, expected: number, by: Principal): Promise<void>;
};

const mostWriters = 50;

type Before = OwnDocument | DamagedRow | undefined;

export function createOwnDocuments(
  needs: Pick<OwnPoliciesNeeds, 'database' | 'outbox' | 'clock' | 'owner'>,
  { store, thread }: { readonly store: OwnStore; readonly thread: Pick<OwnThread, 'attempt'> },
): OwnDocuments {
  const inTurn = createTurns();
  const dated = createFoundDamage(needs.clock);

  async function get(id: string): Promise<OwnDocument> {
    const found = await standingAs(id);
    return 'why' in found ? refuseDamaged(found, AgentGuardError, 'agent_policy_damaged') : found;
  }

  async function standingAs(id: string): Promise<OwnDocument | DamagedRow> {
    const { documents, damaged } = await store.drafts();
    const found = [...documents, ...damaged].find((one) => one.id === id);
    if (found !== undefined) return found;
    throw new AgentGuardError(
      'agent_policy_unknown',
      `Cannot find document "${id.slice(0, 64)}" of the policies for agents`,
    );
  }

  async function record(
    change: {
      readonly action: 'agent.policy_save' | 'agent.policy_delete';
      readonly document: { readonly id: string; readonly name: string };
      readonly by: Principal;
      readonly details: JsonObject;
    },
    apply: (transaction: Transaction) => Promise<boolean>,
  ): Promise<void> {
    const { action, document, by, details } = change;
    await needs.database.transaction().execute(async (transaction) => {
      if (!(await apply(transaction))) throw conflict(document.id);
      const target = { type: 'agent policy', id: document.id, name: document.name };
      await needs.outbox.record(transaction, guardEvent({ nowMs: needs.clock.nowMs(), by, action, target, details }));
    });
    await needs.outbox.flushed();
  }

  /** Whoever changes what somebody else wrote does not become its only author. */
  async function writersWith(by: readonly Author[], id: string, before: Before) {
    const earlier =
      before === undefined
        ? ((await store.drafts()).removed.get(id) ?? [])
        : 'why' in before
          ? [unknownWriter]
          : before.writers;
    // Where nobody can tell what is in force, nobody who wrote is forgotten.
    const inForce = await store
      .standing()
      .then(async ({ version, digest }) => {
        const made = version === 0 ? undefined : await store.version(version);
        return made?.digest === digest ? made : undefined;
      })
      .catch(() => undefined);
    const isAsInForce = inForce?.texts.some((one) => one.id === id && hashOf(before) === draftHash(one)) === true;
    return distinctAuthors([...(isAsInForce ? [] : earlier), ...by]).slice(-mostWriters);
  }

  async function put(
    id: string,
    draft: OwnDraft,
    { by, others, before }: { by: Principal; others: readonly Author[]; before: Before },
  ): Promise<void> {
    refuseTooLarge(draft);
    const author = await authorOf(needs, by);
    const writers = await writersWith([...others, author], id, before);
    const made = { ...draft, id, by: author, writers, changedMs: needs.clock.nowMs() };
    const details = {
      revision: (before?.revision ?? 0) + 1,
      sha256: draftHash(draft),
      scope: draft.scope.kind,
      ...(before === undefined ? {} : { before: toldOf(before) }),
      tests: draft.tests.length,
    };
    await record({ action: 'agent.policy_save', document: { id, name: draft.name }, by, details }, (transaction) =>
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
      return thread.attempt([...others, { ...draft, id }], id);
    },
    create: (id, draft, by, others = []) =>
      inTurn(async () => {
        const { documents, damaged } = await store.drafts();
        const all = [...documents, ...damaged];
        if (all.length >= ownLimits.documents)
          throw new AgentGuardError(
            'agent_limit_reached',
            `Cannot keep another document: there are ${all.length}, must be at most ${ownLimits.documents}`,
          );
        if (all.some((one) => one.id === id)) throw conflict(id);
        await put(id, draft, { by, others, before: undefined });
        return get(id);
      }),
    save: (id, draft, expected, by) =>
      inTurn(async () => {
        const before = await standingAs(id);
        refuseOther(before, expected);
        await put(id, draft, { by, others: [], before });
        return get(id);
      }),
    remove: (id, expected, by) =>
      inTurn(async () => {
        const before = await standingAs(id);
        refuseOther(before, expected);
        const details = { before: toldOf(before) };
        const author = await authorOf(needs, by);
        const removal = {
          by: author,
          writers: await writersWith([author], id, before),
          changedMs: needs.clock.nowMs(),
        };
        const name = 'why' in before ? id : before.name;
        await record({ action: 'agent.policy_delete', document: { id, name }, by, details }, (transaction) =>
          store.remove(transaction, before, removal),
        );
      }),
  };
}

function refuseTooLarge({ text }: OwnDraft): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > ownLimits.textBytes)
    throw new AgentGuardError(
      'agent_policy_invalid',
      `Cannot take the text: it has ${bytes} bytes, must be at most ${ownLimits.textBytes}`,
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
  throw new AgentGuardError(
    'agent_policy_conflict',
    `Cannot go on from revision ${expected} of "${id}": ${changedBy.name} saved revision ${revision} meanwhile`,
    { details: { revision }, hint: 'look at what was changed, then save on top of it' },
  );
}

function conflict(id: string): AgentGuardError {
  return new AgentGuardError(
    'agent_policy_conflict',
    `Cannot save "${id}": somebody else did just now, or the name is taken`,
    {
      hint: 'look at what was changed, then save on top of it',
    },
  );
}
