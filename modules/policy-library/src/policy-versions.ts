import { createAccessPolicy } from '@sallyport/access-policy';
import type { AccessPolicy, PolicyTexts } from '@sallyport/access-policy';
import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { messageOf } from '@sallyport/platform/errors';
import { createTurns } from '@sallyport/platform/turns';
import { distinctAuthors, mayBe } from './authors.ts';
import type { AuthorOf } from './authors.ts';
import { activationDetails } from './activation-details.ts';
import { refuseTried, refuseHeldRoles } from './refuse-version.ts';
import { PolicyLibraryError } from './errors.ts';
import { InForceUnreadable, OlderPolicies, UnreadableRow } from './in-force-mark.ts';
import type { PolicyLibraryNeeds } from './needs.ts';
import { documentHash } from './policy-document.ts';
import type { Author, PolicyDocument, PolicyText } from './policy-document.ts';
import { policyEvent } from './policy-event.ts';
import type { PolicyAction } from './policy-event.ts';
import type { Impact } from './policy-impact.ts';
import { bundledHash, textsToMend, textsWith } from './policy-set.ts';
import type { PolicyStore } from './policy-store.ts';
import type { PolicyTask } from './policy-tasks.ts';
import type { PolicyThread, Watch } from './policy-thread.ts';
import { versionHash } from './policy-version.ts';
import type { PolicyVersion, VersionSummary } from './policy-version.ts';
import { findOpenings, ownGain } from './second-person.ts';

/** What putting a version into force takes, and what it would change. */
export type Prospect = {
  readonly impact: Impact;
  /** The version it is compared with. */
  readonly against: number;
  /** Ids of policies that may open something: permits that are new or otherwise, forbids that are gone or otherwise. */
  readonly openings: readonly string[];
  /** Why somebody else must approve; empty where nobody must. */
  readonly secondPerson: readonly { readonly name: string; readonly policies: readonly string[] }[];
  /** Why nobody can tell what is in force: it is compared with the bundled policies, and somebody else must approve whatever it holds. */
  readonly doubt?: string;
};

/** All documents as they were at a moment. A number is put into force once; going back makes another one of the same documents. */
export type PolicyVersions = {
  /** Newest first. */
  list(): Promise<readonly VersionSummary[]>;
  /** Throws `policy_version_unknown`. */
  get(version: number): Promise<PolicyVersion>;
  /** Of the documents as they are, or of those of version `from`. Throws `policy_refused`, `policy_tests_failed`. */
  stage(made: { readonly note: string; readonly from?: number }, by: Principal): Promise<PolicyVersion>;
  /** What it would change if `by` put it into force now. */
  prospect(version: number, by: Principal, watch?: Watch): Promise<Prospect>;
  /**
   * Into force, on top of `expected`, or to whoever must approve: then it is `waiting`. Throws `policy_version_conflict` when other policies came into force
   * meanwhile, `policy_locks_out`, `policy_refused`, `policy_tests_failed`, `policy_version_state`.
   */
  activate(version: number, expected: number, by: Principal): Promise<PolicyVersion>;
  /** By somebody who neither wrote it nor asked for it. Throws `policy_second_person`, and as `activate`. */
  approve(version: number, expected: number, by: Principal): Promise<PolicyVersion>;
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
    /** What should be in force is not, since it cannot be read. */
    readonly isUnreadable: () => boolean;
    /** Right after it was written that it is in force. */
    readonly onActivated: (version: number, policy: AccessPolicy) => Promise<void>;
    /** How often policies were put into force, at least. */
    readonly lastActivation: () => number;
    /** Why it cannot be told how often; undefined where it can. */
    readonly markLost: () => Promise<string | undefined>;
  },
): PolicyVersions {
  const { store, thread, authorOf } = parts;
  const inTurn = createTurns();
  const bundled = bundledHash(needs.bundled);

  async function get(version: number): Promise<PolicyVersion> {
    const found = await store.version(version);
    if (found !== undefined) return found;
    throw new PolicyLibraryError('policy_version_unknown', `Cannot find version ${version} of the policies`);
  }

  const textsOf = async (version: number): Promise<readonly PolicyText[]> =>
    version === 0 ? [] : (await get(version)).texts;
  /**
   * What is in force, as far as it can be told. Where it cannot, since the row, the version or what the vault keeps of them was damaged or
   * changed, it is none, and only two people, or the operator, put another into force in its place.
   */
  async function standingNow(): Promise<{ readonly version: number; readonly doubt?: string }> {
    const lost = await parts.markLost();
    // Before the row is read: it counts upwards alone, by this server and by others.
    const last = parts.lastActivation();
    let standing: Awaited<ReturnType<PolicyStore['standing']>>;
    try {
      standing = await store.standing();
    } catch (error) {
      // A database that does not answer is no damage.
      if (!(error instanceof InForceUnreadable)) throw error;
      return { version: 0, doubt: messageOf(error) };
    }
    const { version, activations } = standing;
    if (version > 0) {
      try {
        if ((await store.version(version)) === undefined)
          return { version: 0, doubt: `version ${version}, which is in force, is gone` };
      } catch (error) {
        if (!(error instanceof UnreadableRow)) throw error;
        return { version: 0, doubt: messageOf(error) };
      }
    }
    if (lost !== undefined) return { version, doubt: lost };
    // An older row that was sealed once: compared with it, what came since and is taken away again would seem to open nothing.
    if (activations < last) return { version: 0, doubt: new OlderPolicies(activations, last).message };
    return { version };
  }

  /** Of a version that was in force others agreed to its texts; of one that never was, its authors are those of what is made of it. */
  async function writersOfOther(version: number): Promise<readonly Author[]> {
    if (version === 0) return [];
    const { authors, activatedMs } = await get(version);
    return activatedMs === undefined ? authors : [];
  }
  const taskOf = (own: readonly PolicyText[]): Pick<PolicyTask, 'texts' | 'tests'> => ({
    texts: textsWith(needs.bundled, own),
    tests: own.map(({ id, name, tests }) => ({ id, name, tests })),
  });

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

  /** Everything that is asked before it may come into force, asked anew: people, keys and the product may have changed since it was staged. */
  async function look(made: PolicyVersion, watch: Watch = {}) {
    const { version: against, doubt } = await standingNow();
    const before: PolicyTexts = textsWith(needs.bundled, await textsOf(against));
    const [subjects, sites] = [await needs.subjects(), await needs.sites()];
    const task = {
      ...taskOf(made.texts),
      compare: {
        texts: parts.isUnreadable() ? textsToMend(needs.bundled) : before,
        subjects,
        sites,
      },
    };
    const tried = await thread.attempt(task, watch);
    refuseTried(tried, made.version);
    refuseHeldRoles(task.texts, subjects, made.version);
    const openings = findOpenings(before, task.texts);
    return { against, ...(doubt === undefined ? {} : { doubt }), subjects, texts: task.texts, tried, openings };
  }

  type Looked = Awaited<ReturnType<typeof look>>;
  const gainsOf = (made: PolicyVersion, { openings, subjects }: Pick<Looked, 'openings' | 'subjects'>, by: Author) =>
    distinctAuthors([...made.authors, by]).flatMap((who) => {
      const gained = ownGain(who, openings, subjects);
      return gained.length === 0 ? [] : [{ who, policies: [...new Set(gained.map(({ id }) => id))] }];
    });

  /** Of two who go on from the same, at this server or another, one is told. */
  async function move(on: Transaction, from: VersionSummary, to: VersionSummary): Promise<void> {
    if (await store.move(on, from.state, to)) return;
    throw new PolicyLibraryError(
      'policy_version_state',
      `Cannot go on with version ${from.version}: somebody else did just now, must be ${from.state}`,
      { hint: 'look at it again, then decide' },
    );
  }

  async function putInForce(made: PolicyVersion, expected: number, looked: Looked, by: Principal): Promise<void> {
    const policy = createAccessPolicy(looked.texts);
    const { doubt } = looked;
    const before = expected === 0 || doubt !== undefined ? undefined : await get(expected);
    const moved: VersionSummary = { ...made, state: 'active', activatedMs: needs.clock.nowMs() };
    const details = {
      ...activationDetails({ made: moved, before, tried: looked.tried, openings: looked.openings }),
      ...(doubt === undefined ? {} : { in_doubt: doubt.slice(0, 500) }),
    };
    try {
      await record({ action: 'activate', version: made.version, by, details }, async (transaction) => {
        const last = parts.lastActivation();
        if (doubt !== undefined) await store.takeOver(transaction, made.version, last);
        else if (!(await store.activate(transaction, made.version, expected, last))) throw overtaken(expected);
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

  const mayCome = async (version: number, expected: number, states: readonly string[]): Promise<PolicyVersion> => {
    const made = await get(version);
    if (!states.includes(made.state))
      throw new PolicyLibraryError(
        'policy_version_state',
        `Cannot do this with version ${version}: it is ${made.state}, must be ${states.join(' or ')}`,
        { hint: made.state === 'former' ? 'stage another version from it' : 'stage the documents anew' },
      );
    const { version: active, doubt } = await standingNow();
    if (doubt === undefined && active !== expected) throw overtaken(expected, active);
    return made;
  };

  return {
    list: () => store.versions(),
    get,
    stage: ({ note, from }, by) =>
      inTurn(async () => {
        // Read once: who wrote it is told of the texts that are staged, not of what stands a moment later.
        const documents = await store.documents();
        const texts = from === undefined ? documents : await textsOf(from);
        const author = await authorOf(by);
        const authors =
          from === undefined
            ? writersOf(documents, await store.removed(), await textsOf((await standingNow()).version))
            : await writersOfOther(from);
        refuseTried(await thread.attempt(taskOf(texts)), undefined);
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
          version = await store.nextVersion(transaction);
          await store.add(transaction, { ...made, version });
          const details = { sha256: made.hash, bundled_sha256: bundled, documents: texts.length, from: from ?? null };
          const target = { type: 'policy-version', id: String(version) } as const;
          await needs.outbox.record(
            transaction,
            policyEvent({ nowMs: made.madeMs, by, action: 'stage', target, details }),
          );
        });
        await needs.outbox.flushed();
        return get(version);
      }),
    async prospect(version, by, watch) {
      const made = await get(version);
      const looked = await look(made, watch);
      const { against, doubt, openings, tried } = looked;
      return {
        against,
        ...(doubt === undefined ? {} : { doubt }),
        impact: tried.impact ?? nothing,
        openings: [...new Set(openings.map(({ id }) => id))],
        secondPerson: gainsOf(made, looked, await authorOf(by)).map(({ who, policies }) => ({
          name: who.name,
          policies,
        })),
      };
    },
    activate: (version, expected, by) =>
      inTurn(async () => {
        const made = await mayCome(version, expected, ['staged']);
        const looked = await look(made);
        const author = await authorOf(by);
        const gains = gainsOf(made, looked, author);
        const mustWait = looked.doubt !== undefined && by.kind !== 'operator';
        if (gains.length === 0 && !mustWait) {
          await putInForce(made, expected, looked, by);
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
    approve: (version, expected, by) =>
      inTurn(async () => {
        const made = await mayCome(version, expected, ['waiting']);
        const involved = [...made.authors, ...(made.askedBy === undefined ? [] : [made.askedBy])];
        const isPerson = by.kind === 'user' || by.kind === 'operator';
        if (!isPerson || (by.kind !== 'operator' && involved.some((author) => mayBe(author, by))))
          throw new PolicyLibraryError(
            'policy_second_person',
            `Cannot approve version ${version}: ${by.name} ${isPerson ? 'wrote it or asked for it, or by a key of theirs' : 'is no person'}, must be somebody else`,
          );
        const looked = await look(made);
        await putInForce({ ...made, approvedBy: await authorOf(by) }, expected, looked, by);
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

/** Who wrote the documents that differ from those in force, or took them away. */
function writersOf(
  documents: readonly PolicyDocument[],
  removed: ReadonlyMap<string, readonly Author[]>,
  inForce: readonly PolicyText[],
): readonly Author[] {
  const known = new Map(inForce.map((one) => [one.id, documentHash(one)]));
  const kept = new Set(documents.map(({ id }) => id));
  return [
    ...documents.filter(({ id, hash }) => known.get(id) !== hash).flatMap(({ writers }) => writers),
    ...inForce.filter(({ id }) => !kept.has(id)).flatMap(({ id }) => removed.get(id) ?? []),
  ];
}

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
