import { createAccessPolicy } from '@sallyport/access-policy';
import type { AccessPolicy } from '@sallyport/access-policy';
import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createTurns } from '@sallyport/platform/turns';
import { activationDetails } from './activation-details.ts';
import { distinctAuthors } from './authors.ts';
import type { AuthorOf } from './authors.ts';
import type { DamagedVersion, ReadRows } from './damaged-rows.ts';
import { PolicyLibraryError } from './errors.ts';
import { createFoundDamage } from './found-damage.ts';
import type { Found } from './found-damage.ts';
import type { GivenNumbers } from './given-numbers.ts';
import { UnreadableRow } from './in-force-mark.ts';
import type { PolicyLibraryNeeds } from './needs.ts';
import { documentHash } from './policy-document.ts';
import type { Author } from './policy-document.ts';
import { policyEvent } from './policy-event.ts';
import type { PolicyAction } from './policy-event.ts';
import type { Impact } from './policy-impact.ts';
import { bundledHash } from './policy-set.ts';
import type { PolicyStore } from './policy-store.ts';
import type { PolicyThread, Watch } from './policy-thread.ts';
import { versionHash } from './policy-version.ts';
import type { KeptVersion, PolicyVersion, VersionSummary } from './policy-version.ts';
import { refuseTried } from './refuse-version.ts';
import type { StandingNow } from './standing-now.ts';
import { createLook, gainsOf, taskOf } from './version-prospect.ts';
import type { Looked, Prospect } from './version-prospect.ts';
import { textsToStage } from './staged-texts.ts';
import { whyNotSecond } from './who-wrote.ts';

/** Who puts what into force: on top of which version, and, where they say so, that it is what they looked at. */
export type Agreed = { readonly expected: number; readonly sha256?: string };

/** All documents as they were at a moment. A number is put into force once; going back makes another one of the same documents. */
export type PolicyVersions = {
  /** Newest first, and those beside them that are not as they were sealed: they are good for nothing. */
  list(): Promise<{ readonly versions: readonly VersionSummary[]; readonly damaged: readonly Found<DamagedVersion>[] }>;
  /** Throws `policy_version_unknown`, `policy_version_damaged`. */
  get(version: number): Promise<PolicyVersion>;
  /** Of the documents as they are, or of those of version `from`. Throws `policy_document_damaged`, `policy_refused`, `policy_tests_failed`. */
  stage(made: { readonly note: string; readonly from?: number }, by: Principal): Promise<PolicyVersion>;
  /** What it would change if `by` put it into force now. */
  prospect(version: number, by: Principal, watch?: Watch): Promise<Prospect>;
  /**
   * Into force, on top of `expected`, or to whoever must approve: then it is `waiting`. Throws `policy_version_conflict` when other policies came into force
   * meanwhile or it is not what was looked at, `policy_locks_out`, `policy_refused`, `policy_tests_failed`, `policy_version_state`.
   */
  activate(version: number, agreed: Agreed, by: Principal): Promise<PolicyVersion>;
  /** By somebody who neither wrote it nor asked for it. Throws `policy_second_person`, and as `activate`. */
  approve(version: number, agreed: Agreed, by: Principal): Promise<PolicyVersion>;
  /** It never comes into force. */
  withdraw(version: number, by: Principal): Promise<PolicyVersion>;
};

type Needs = Pick<PolicyLibraryNeeds, 'database' | 'outbox' | 'clock' | 'bundled' | 'subjects' | 'sites' | 'live'>;

export function createPolicyVersions(
  needs: Needs,
  parts: {
    readonly store: PolicyStore;
    readonly thread: Pick<PolicyThread, 'attempt'>;
    readonly authorOf: AuthorOf;
    readonly standing: () => Promise<StandingNow<KeptVersion>>;
    readonly listed: () => Promise<ReadRows<VersionSummary>>;
    readonly numbers: Pick<GivenNumbers, 'last' | 'note'>;
    /** What should be in force is not, since it cannot be read. */
    readonly isUnreadable: () => boolean;
    /** Right after it was written that it is in force. */
    readonly onActivated: (version: number, policy: AccessPolicy) => Promise<void>;
    /** How often policies were put into force, at least. */
    readonly lastActivation: () => number;
  },
): PolicyVersions {
  const { store, thread, authorOf, standing, numbers } = parts;
  const inTurn = createTurns();
  const dated = createFoundDamage(needs.clock);
  const bundled = bundledHash(needs.bundled);
  const look = createLook(needs, parts);

  async function get(version: number): Promise<KeptVersion> {
    const found = await store.version(version).catch((error: unknown) => {
      if (!(error instanceof UnreadableRow)) throw error;
      throw new PolicyLibraryError('policy_version_damaged', `Cannot use version ${version}: ${error.message}`, {
        hint: 'stage the documents anew, and look for who can write to the control database',
      });
    });
    if (found !== undefined) return found;
    throw new PolicyLibraryError('policy_version_unknown', `Cannot find version ${version} of the policies`);
  }

  async function record(
    change: {
      readonly action: PolicyAction;
      readonly version: number;
      readonly by: Principal;
      readonly details: JsonObject;
    },
    apply: (transaction: Transaction) => Promise<void>,
  ): Promise<void> {
    const { action, version, by, details } = change;
    await needs.database.transaction().execute(async (transaction) => {
      await apply(transaction);
      const target = { type: 'policy-version', id: String(version) } as const;
      await needs.outbox.record(transaction, policyEvent({ nowMs: needs.clock.nowMs(), by, action, target, details }));
    });
  }

  /** Of two who go on from the same, at this server or another, one is told. */
  async function move(on: Transaction, from: KeptVersion, to: VersionSummary): Promise<void> {
    if (await store.move(on, from, to)) return;
    throw new PolicyLibraryError(
      'policy_version_state',
      `Cannot go on with version ${from.version}: somebody else did just now, must be as it was looked at`,
      { hint: 'look at it again, then decide' },
    );
  }

  async function putInForce(made: KeptVersion, looked: Looked, by: Principal, approvedBy?: Author): Promise<void> {
    const policy = createAccessPolicy(looked.texts);
    const { doubt, standing: stands } = looked;
    const before = stands.made;
    const moved: VersionSummary = {
      ...made,
      state: 'active',
      activatedMs: needs.clock.nowMs(),
      ...(approvedBy === undefined ? {} : { approvedBy }),
    };
    const details = {
      ...activationDetails({ made: moved, before, tried: looked.tried, openings: looked.openings }),
      ...(doubt === undefined ? {} : { in_doubt: doubt.slice(0, 500) }),
    };
    try {
      await record({ action: 'activate', version: made.version, by, details }, async (transaction) => {
        const isKnown = stands.doubt === undefined;
        if (!(await store.activate(transaction, made, isKnown ? stands.version : undefined, parts.lastActivation())))
          throw overtaken(stands.version);
        if (!isKnown) await store.endOthers(transaction, made.version);
        if (before !== undefined) await move(transaction, before, { ...before, state: 'former' });
        await move(transaction, made, moved);
      });
    } catch (error) {
      policy.release();
      throw error;
    }
    await parts.onActivated(made.version, policy);
    await needs.outbox.flushed();
  }

  /** As it stands, what was shown of it, on top of what it was looked at beside, and what it would change. */
  async function mayCome(version: number, { expected, sha256 }: Agreed, state: 'staged' | 'waiting') {
    const made = await get(version);
    if (made.state !== state)
      throw new PolicyLibraryError(
        'policy_version_state',
        `Cannot do this with version ${version}: it is ${made.state}, must be ${state}`,
        { hint: made.state === 'former' ? 'stage another version from it' : 'stage the documents anew' },
      );
    if (sha256 !== undefined && sha256 !== made.hash)
      throw new PolicyLibraryError(
        'policy_version_conflict',
        `Cannot go on with version ${version}: this is not what was shown`,
      );
    const { version: active, doubt } = await standing();
    if (doubt === undefined && active !== expected) throw overtaken(expected, active);
    return made;
  }

  async function asLooked(made: PolicyVersion, { expected }: Agreed): Promise<Looked> {
    const looked = await look(made);
    // Another may have come into force while it was looked at, which takes a while.
    if (looked.standing.doubt === undefined && looked.standing.version !== expected)
      throw overtaken(expected, looked.standing.version);
    return looked;
  }

  return {
    async list() {
      const { read, damaged } = await parts.listed();
      return { versions: read, damaged: dated(damaged, ({ version }) => String(version)) };
    },
    get,
    stage: ({ note, from }, by) =>
      inTurn(async () => {
        const inForce = async () => (await standing()).made?.texts ?? [];
        const { texts, authors } = await textsToStage(from, { get, drafts: store.drafts, inForce });
        const author = await authorOf(by);
        refuseTried(await thread.attempt(taskOf(needs.bundled, texts)), undefined);
        const made = {
          state: 'staged',
          madeMs: needs.clock.nowMs(),
          madeBy: author,
          note,
          hash: versionHash(texts),
          bundledHash: bundled,
          ...(from === undefined ? {} : { from }),
          authors: distinctAuthors([...authors, author]),
          documents: texts.map((one) => ({ id: one.id, name: one.name, hash: documentHash(one) })),
          texts: texts.map(({ id, name, text, tests }) => ({ id, name, text, tests })),
        } as const;
        let version = 0;
        await needs.database.transaction().execute(async (transaction) => {
          version = await store.next(transaction, Math.max(await store.highest(transaction), await numbers.last()));
          await store.add(transaction, { ...made, version });
          const details = { sha256: made.hash, bundled_sha256: bundled, documents: texts.length, from: from ?? null };
          const target = { type: 'policy-version', id: String(version) } as const;
          await needs.outbox.record(
            transaction,
            policyEvent({ nowMs: made.madeMs, by, action: 'stage', target, details }),
          );
        });
        await numbers.note(version);
        await needs.outbox.flushed();
        return get(version);
      }),
    async prospect(version, by, watch) {
      const made = await get(version);
      const looked = await look(made, watch);
      const { standing: stands, doubt, openings, tried } = looked;
      return {
        against: stands.version,
        ...(doubt === undefined ? {} : { doubt }),
        impact: tried.impact ?? nothing,
        openings: [...new Set(openings.map(({ id }) => id))],
        secondPerson: gainsOf(made, looked, await authorOf(by)).map(({ who, policies }) => ({
          name: who.name,
          policies,
        })),
      };
    },
    activate: (version, agreed, by) =>
      inTurn(async () => {
        const made = await mayCome(version, agreed, 'staged');
        const looked = await asLooked(made, agreed);
        const author = await authorOf(by);
        const gains = gainsOf(made, looked, author);
        const mustWait = looked.doubt !== undefined && by.kind !== 'operator';
        if (gains.length === 0 && !mustWait) {
          await putInForce(made, looked, by);
          return get(version);
        }
        const details = {
          sha256: made.hash,
          gaining: gains.map(({ who, policies }) => ({ kind: who.kind, id: who.id, policies })),
          ...(looked.doubt === undefined ? {} : { in_doubt: looked.doubt.slice(0, 500) }),
        };
        await record({ action: 'ask', version, by, details }, (transaction) =>
          move(transaction, made, { ...made, state: 'waiting', askedBy: author }),
        );
        await needs.outbox.flushed();
        return get(version);
      }),
    approve: (version, agreed, by) =>
      inTurn(async () => {
        const made = await mayCome(version, agreed, 'waiting');
        const why = whyNotSecond(made, by);
        if (why !== undefined)
          throw new PolicyLibraryError('policy_second_person', `Cannot approve version ${version}: ${why}`);
        await putInForce(made, await asLooked(made, agreed), by, await authorOf(by));
        return get(version);
      }),
    withdraw: (version, by) =>
      inTurn(async () => {
        const made = await get(version);
        if (made.state !== 'staged' && made.state !== 'waiting')
          throw new PolicyLibraryError(
            'policy_version_state',
            `Cannot withdraw version ${version}: it is ${made.state}, must be staged or waiting`,
          );
        const action = made.state === 'waiting' ? 'decline' : 'withdraw';
        await record({ action, version, by, details: { sha256: made.hash } }, (transaction) =>
          move(transaction, made, { ...made, state: 'withdrawn' }),
        );
        await needs.outbox.flushed();
        return get(version);
      }),
  };
}

const nothing: Impact = { changes: [], gaining: 0, losing: 0, subjects: 0, sites: 0, questions: 0, partly: false };

function overtaken(expected: number, active?: number): PolicyLibraryError {
  return new PolicyLibraryError(
    'policy_version_conflict',
    `Cannot go on from version ${expected}: ${active === undefined ? 'another version' : `version ${active}`} came into force meanwhile`,
    {
      ...(active === undefined ? {} : { details: { active } }),
      hint: 'look at what is in force now, then decide again',
    },
  );
}
