import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createTurns } from '@sallyport/platform/turns';
import {
  createFoundDamage,
  distinctAuthors,
  refuseAnyDamaged,
  UnreadableRow,
  whyNotSecond,
  writersOf,
  writersOfOther,
} from '@sallyport/policy-library';
import type { Author, DamagedVersion, Found, ReadRows, Watch } from '@sallyport/policy-library';
import { guardEvent } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import { authorOf } from './needs.ts';
import type { OwnPoliciesNeeds } from './needs.ts';
import { openingsOf } from './openings.ts';
import { draftHash, textsHash } from '../decisions/own-policy.ts';
import type { OwnText } from '../decisions/own-policy.ts';
import { createOwnLook, mayGain } from './own-prospect.ts';
import type { OwnProspect } from './own-prospect.ts';
import type { OwnStanding } from './own-standing.ts';
import type { OwnStore } from './own-store.ts';
import type { OwnThread } from './own-thread.ts';
import type { KeptVersion } from './own-version-store.ts';
import type { OwnVersion, OwnVersionSummary } from './own-version.ts';
import type { ReadOwnPolicy } from '../decisions/read-own.ts';
import { refuseTried } from './refuse-tried.ts';
import type { ReplayedOwn } from './replay-own.ts';

/** Who puts what into force: on top of which version, and that it is what they looked at. */
export type Agreed = { readonly expected: number; readonly digest: string };

/** All documents as they were at a moment. A number is put into force once; going back makes another one of the same documents. */
export type OwnVersions = {
  /** Newest first, and those beside them that are not as they were sealed: they are good for nothing. */
  list(): Promise<{
    readonly versions: readonly OwnVersionSummary[];
    readonly damaged: readonly Found<DamagedVersion>[];
  }>;
  /** Throws `agent_policy_version_unknown`, `agent_policy_version_damaged`. */
  get(version: number): Promise<OwnVersion>;
  /** Of the documents as they are, or of those of version `from`. Throws `agent_policy_refused`, `agent_policy_tests_failed`. */
  stage(made: { readonly note: string; readonly from?: number }, by: Principal): Promise<OwnVersion>;
  prospect(version: number, by: Principal): Promise<OwnProspect>;
  /** Tries it on recorded calls, on top of what is in force, and keeps what came of it with the version. */
  replay(version: number, last: number, by: Principal, watch: Required<Watch>): Promise<ReplayedOwn>;
  /**
   * Into force, or to whoever must approve: then it is `waiting`. Throws `agent_policy_conflict` when other policies came into force meanwhile or the
   * version is not what was looked at, `agent_policy_not_replayed`, `agent_policy_refused`, `agent_policy_tests_failed`, `agent_policy_version_state`.
   */
  activate(version: number, agreed: Agreed, by: Principal): Promise<OwnVersion>;
  /** By somebody who neither wrote it nor asked for it. Throws `agent_policy_second_person`, and as `activate`. */
  approve(version: number, agreed: Agreed, by: Principal): Promise<OwnVersion>;
  /** It never comes into force. */
  withdraw(version: number, by: Principal): Promise<OwnVersion>;
};

type Action = 'stage' | 'replay' | 'ask' | 'decline' | 'withdraw' | 'activate';

export function createOwnVersions(
  needs: Pick<OwnPoliciesNeeds, 'database' | 'outbox' | 'clock' | 'owner'>,
  parts: {
    readonly store: OwnStore;
    readonly thread: Pick<OwnThread, 'attempt' | 'read'>;
    readonly standing: () => Promise<OwnStanding>;
    readonly listed: () => Promise<ReadRows<OwnVersionSummary>>;
    /** How often policies were put into force, at least. */
    readonly lastActivation: () => number;
    readonly replay: (
      work: {
        readonly texts: readonly OwnText[];
        readonly inForce: readonly OwnText[];
        readonly last: number;
      } & Required<Watch>,
    ) => Promise<ReplayedOwn>;
    /** Right after it was written that it is in force. */
    readonly onActivated: (version: number, policies: readonly ReadOwnPolicy[]) => Promise<void>;
  },
): OwnVersions {
  const { store, thread } = parts;
  const inTurn = createTurns();
  const dated = createFoundDamage(needs.clock);
  const { look, readInForce } = createOwnLook(parts);

  async function get(version: number): Promise<KeptVersion> {
    const found = await store.version(version).catch((error: unknown) => {
      if (!(error instanceof UnreadableRow)) throw error;
      throw new AgentGuardError('agent_policy_version_damaged', `Cannot use version ${version}: ${error.message}`, {
        hint: 'stage the documents anew, and look for who can write to the control database',
      });
    });
    if (found !== undefined) return found;
    throw new AgentGuardError(
      'agent_policy_version_unknown',
      `Cannot find version ${version} of the policies for agents`,
    );
  }

  async function record(
    change: { readonly action: Action; readonly version: number; readonly by: Principal; readonly details: JsonObject },
    apply: (transaction: Transaction) => Promise<void>,
  ): Promise<void> {
    const { action, version, by, details } = change;
    await needs.database.transaction().execute(async (transaction) => {
      await apply(transaction);
      const nowMs = needs.clock.nowMs();
      const target = { type: 'agent policy version', id: String(version) };
      await needs.outbox.record(
        transaction,
        guardEvent({ nowMs, by, action: `agent.policy_${action}`, target, details }),
      );
    });
  }

  /** Of two who go on from the same, at this server or another, one is told. */
  async function move(
    on: Transaction,
    from: KeptVersion,
    to: OwnVersionSummary,
    replayed?: ReplayedOwn,
  ): Promise<void> {
    if (await store.move(on, from, to, replayed)) return;
    throw new AgentGuardError(
      'agent_policy_version_state',
      `Cannot go on with version ${from.version}: somebody else did just now, must be as it was looked at`,
      { hint: 'look at it again, then decide' },
    );
  }

  async function mayCome(version: number, { expected, digest }: Agreed, state: 'staged' | 'waiting') {
    const made = await get(version);
    if (made.state !== state)
      throw new AgentGuardError(
        'agent_policy_version_state',
        `Cannot do this with version ${version}: it is ${made.state}, must be ${state}`,
        { hint: made.state === 'former' ? 'stage another version from it' : 'stage the documents anew' },
      );
    if (made.digest !== digest)
      throw new AgentGuardError(
        'agent_policy_conflict',
        `Cannot go on with version ${version}: this is not what was shown`,
      );
    const looked = await look(made);
    const { standing } = looked;
    if (standing.doubt === undefined && standing.version !== expected) throw overtaken(expected, standing.version);
    // What was tried on top of other policies, or was other texts, was not tried.
    if (made.replay?.digest !== digest || made.replay.against !== standing.version)
      throw new AgentGuardError(
        'agent_policy_not_replayed',
        `Cannot put version ${version} into force: it was not replayed on recorded calls on top of version ${standing.version}`,
        { hint: 'replay it, look at what would be otherwise, then decide' },
      );
    return { made, ...looked };
  }

  async function putInForce(
    { made, standing, tried, openings, doubt }: Awaited<ReturnType<typeof mayCome>>,
    by: Principal,
    approvedBy?: Author,
  ): Promise<void> {
    const moved: OwnVersionSummary = {
      ...made,
      state: 'active',
      activatedMs: needs.clock.nowMs(),
      openings: openings.map(({ id, kind }) => ({ id, kind })),
      ...(approvedBy === undefined ? {} : { approvedBy }),
    };
    const details = {
      ...detailsOf(moved),
      before: standing.version,
      from: made.from ?? null,
      opens: openings.length > 0,
      opening_policies: openings.slice(0, 50).map(({ id }) => id),
      approved_by: approvedBy === undefined ? null : { kind: approvedBy.kind, id: approvedBy.id },
      ...(doubt === undefined ? {} : { in_doubt: doubt.slice(0, 500) }),
    };
    await record({ action: 'activate', version: made.version, by, details }, async (transaction) => {
      const before = standing.doubt === undefined ? standing.version : undefined;
      if (!(await store.activate(transaction, made, before, parts.lastActivation()))) throw overtaken(standing.version);
      if (standing.made !== undefined) await move(transaction, standing.made, { ...standing.made, state: 'former' });
      await move(transaction, made, moved);
    });
    await parts.onActivated(made.version, tried.policies);
    await needs.outbox.flushed();
  }

  return {
    async list() {
      const { read, damaged } = await parts.listed();
      return { versions: read, damaged: dated(damaged, ({ version }) => String(version)) };
    },
    get,
    stage: ({ note, from }, by) =>
      inTurn(async () => {
        // All read before anything is tried: who wrote it is told of the texts that are staged, not of what stands when that is done.
        const other = from === undefined ? undefined : await get(from);
        const standing = await parts.standing();
        const { texts: all, authors } =
          other === undefined
            ? await fromDrafts(store, standing.made?.texts ?? [])
            : { texts: other.texts, authors: writersOfOther(other) };
        const texts = all.map(({ id, name, scope, text, tests }) => ({
          id,
          name,
          scope,
          text,
          tests,
        }));
        const author = await authorOf(needs, by);
        const tried = await thread.attempt(texts);
        refuseTried(tried, undefined);
        const { policies } = await readInForce(standing);
        const made = {
          state: 'staged',
          madeMs: needs.clock.nowMs(),
          madeBy: author,
          note,
          digest: textsHash(texts),
          ...(from === undefined ? {} : { from }),
          authors: distinctAuthors([...authors, author]),
          documents: texts.map((one) => ({ id: one.id, name: one.name, hash: draftHash(one) })),
          openings: openingsOf(policies, tried.policies).map(({ id, kind }) => ({ id, kind })),
          texts,
        } as const;
        let version = 0;
        await needs.database.transaction().execute(async (transaction) => {
          version = await store.nextVersion(transaction);
          await store.add(transaction, { ...made, version });
          const details = { sha256: made.digest, documents: texts.length, from: from ?? null };
          const target = { type: 'agent policy version', id: String(version) };
          await needs.outbox.record(
            transaction,
            guardEvent({ nowMs: made.madeMs, by, action: 'agent.policy_stage', target, details }),
          );
        });
        await needs.outbox.flushed();
        return get(version);
      }),
    async prospect(version, by) {
      const made = await get(version);
      const { standing, tried, openings, doubt } = await look(made);
      const author = await authorOf(needs, by);
      const gaining = mayGain(made, openings, author);
      return {
        against: standing.version,
        openings,
        widened: tried.widened,
        secondPerson: gaining.length === 0 && doubt !== undefined && by.kind !== 'operator' ? [author] : gaining,
        ...(doubt === undefined ? {} : { doubt }),
      };
    },
    async replay(version, last, by, watch) {
      const { texts, digest } = await get(version);
      const standing = await parts.standing();
      const { version: against } = standing;
      // What refuses to be read cannot be asked: it is compared with none, as where nobody can tell what is in force.
      const { doubt } = await readInForce(standing);
      const inForce = doubt === undefined ? (standing.made?.texts ?? []) : [];
      const replayed = await parts.replay({ texts, inForce, last, ...watch });
      const author = await authorOf(needs, by);
      await inTurn(async () => {
        const made = await get(version);
        // Of what is over, or was never the same, nothing is kept.
        if ((made.state !== 'staged' && made.state !== 'waiting') || made.digest !== digest) return;
        const { calls, untold, agents, different, looser } = replayed;
        const counts = { calls, untold, agents, different, looser };
        const replay = { ...counts, digest, against, last, atMs: needs.clock.nowMs(), by: author };
        const details = { sha256: digest, against, ...counts };
        await record({ action: 'replay', version, by, details }, (transaction) =>
          move(transaction, made, { ...made, replay }, replayed),
        );
        await needs.outbox.flushed();
      });
      return replayed;
    },
    activate: (version, agreed, by) =>
      inTurn(async () => {
        const looked = await mayCome(version, agreed, 'staged');
        const { made, openings, doubt } = looked;
        const author = await authorOf(needs, by);
        const gaining = mayGain(made, openings, author);
        const isInDoubt = doubt !== undefined && by.kind !== 'operator';
        if (gaining.length === 0 && !isInDoubt) {
          await putInForce(looked, by);
          return get(version);
        }
        const details = {
          ...detailsOf(made),
          opening_policies: openings.slice(0, 50).map(({ id }) => id),
          ...(doubt === undefined ? {} : { in_doubt: doubt.slice(0, 500) }),
        };
        await record({ action: 'ask', version, by, details }, (transaction) =>
          move(transaction, made, {
            ...made,
            state: 'waiting',
            askedBy: author,
            openings: openings.map(({ id, kind }) => ({ id, kind })),
          }),
        );
        await needs.outbox.flushed();
        return get(version);
      }),
    approve: (version, agreed, by) =>
      inTurn(async () => {
        const looked = await mayCome(version, agreed, 'waiting');
        const why = whyNotSecond(looked.made, by);
        if (why !== undefined)
          throw new AgentGuardError('agent_policy_second_person', `Cannot approve version ${version}: ${why}`);
        await putInForce(looked, by, await authorOf(needs, by));
        return get(version);
      }),
    withdraw: (version, by) =>
      inTurn(async () => {
        const made = await get(version);
        if (made.state !== 'staged' && made.state !== 'waiting')
          throw new AgentGuardError(
            'agent_policy_version_state',
            `Cannot withdraw version ${version}: it is ${made.state}, must be staged or waiting`,
          );
        const action = made.state === 'waiting' ? 'decline' : 'withdraw';
        await record({ action, version, by, details: { sha256: made.digest } }, (transaction) =>
          move(transaction, made, { ...made, state: 'withdrawn' }),
        );
        await needs.outbox.flushed();
        return get(version);
      }),
  };
}

function detailsOf({ digest, documents, authors, askedBy, replay }: OwnVersionSummary): JsonObject {
  return {
    sha256: digest,
    documents: documents.slice(0, 50).map(({ id, hash }) => ({ id, sha256: hash })),
    authors: authors.map(({ kind, id }) => ({ kind, id })),
    asked_by: askedBy === undefined ? null : { kind: askedBy.kind, id: askedBy.id },
    replayed: replay === undefined ? null : { calls: replay.calls, different: replay.different, looser: replay.looser },
  };
}

function overtaken(expected: number, active?: number): AgentGuardError {
  return new AgentGuardError(
    'agent_policy_conflict',
    `Cannot go on from version ${expected}: ${active === undefined ? 'another version' : `version ${active}`} is in force`,
    { hint: 'look at what is in force now, then decide again' },
  );
}

/** Of the documents as they are. Throws `agent_policy_damaged`. */
async function fromDrafts(store: Pick<OwnStore, 'drafts'>, inForce: readonly OwnText[]) {
  const { documents, removed, damaged } = await store.drafts();
  refuseAnyDamaged(damaged, AgentGuardError, 'agent_policy_damaged');
  return {
    texts: documents,
    authors: writersOf<OwnText>({ documents, removed, inForce, hashOf: draftHash }),
  };
}
