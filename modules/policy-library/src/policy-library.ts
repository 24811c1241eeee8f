import { createAccessPolicy, readPolicies } from '@sallyport/access-policy';
import type { AccessPolicy, PolicyTexts, ReadPolicy } from '@sallyport/access-policy';
import type { Principal } from '@sallyport/platform/http';
import { messageOf } from '@sallyport/platform/errors';
import { errorFields } from '@sallyport/platform/log';
import { createTurns } from '@sallyport/platform/turns';
import { createAuthorOf } from './authors.ts';
import { createBundledStore } from './bundled-store.ts';
import { createGivenNumbers } from './given-numbers.ts';
import { refuseAnyDamaged } from './damaged-drafts.ts';
import { readWholly } from './damaged-rows.ts';
import { PolicyLibraryError } from './errors.ts';
import { createMarkKeeper, OlderPolicies } from './in-force-mark.ts';
import type { Standing } from './in-force-row.ts';
import type { PolicyLibraryNeeds } from './needs.ts';
import { documentHash } from './policy-document.ts';
import type { PolicyText } from './policy-document.ts';
import { createPolicyDocuments } from './policy-documents.ts';
import type { PolicyDocuments } from './policy-documents.ts';
import { createPastDecisions } from './past-decisions.ts';
import type { PastDecisions } from './past-decisions.ts';
import { policyEvent } from './policy-event.ts';
import { bundledHash, textsToMend, textsWith } from './policy-set.ts';
import { createPolicyStore } from './policy-store.ts';
import { createPolicyThread } from './policy-thread.ts';
import { createPolicyVersions } from './policy-versions.ts';
import type { KeptVersion } from './policy-version.ts';
import type { PolicyVersions } from './policy-versions.ts';
import { replayDecisions } from './replay.ts';
import type { Replayed } from './replay.ts';
import { standingNow } from './standing-now.ts';
import type { StandingNow } from './standing-now.ts';
import { takeOverEarlier, tellDamaged } from './take-over-earlier.ts';
import { compareTexts } from './version-differences.ts';
import type { DocumentDifference } from './version-differences.ts';
import type { Prospect } from './version-prospect.ts';
import { createWorks } from './works.ts';
import type { Work, Works } from './works.ts';

export type InForce = {
  /** 0: the bundled policies alone. */
  readonly version: number;
  /** Of what decides now. */
  readonly hash: string;
  readonly bundledHash: string;
  /** Why the organisation's policies are not in force; most is denied as long. */
  readonly unreadable?: string;
};

/** The policies of this installation: those that came with it, and those of the organisation in versions, one of which is in force on every server. */
export type PolicyLibrary = {
  readonly documents: PolicyDocuments;
  readonly versions: PolicyVersions;
  readonly past: PastDecisions;
  /** What a version would change, being asked about everybody there is. */
  readonly impacts: Works<{ readonly version: number }, Prospect>;
  /** What was decided last, asked again of a version or, without one, of the documents as they are. */
  readonly replays: Works<ReplayAbout, Replayed>;
  startImpact(version: number, by: Principal): Promise<Work<{ readonly version: number }, Prospect>>;
  startReplay(about: ReplayAbout, by: Principal): Promise<Work<ReplayAbout, Replayed>>;
  /** What differs, document by document and line by line; without a number: the documents as they are. Throws `policy_version_unknown`. */
  compare(from: number | undefined, to: number | undefined): Promise<readonly DocumentDifference[]>;
  inForce(): InForce;
  bundled(): readonly ReadPolicy[];
  /** Before anybody is let in: puts into force what is in force. Never throws for what it finds: what cannot be read denies. */
  start(): Promise<void>;
  /** Looks whether another server put another version into force. */
  refresh(): Promise<void>;
  close(): Promise<void>;
};

export type ReplayAbout = { readonly version?: number; readonly last: number };

const refreshMs = 2000;

export function createPolicyLibrary(needs: PolicyLibraryNeeds): PolicyLibrary {
  const { live, bundled, log } = needs;
  const store = createPolicyStore(needs);
  const thread = needs.thread ?? createPolicyThread();
  const authorOf = createAuthorOf(needs);
  const inTurn = createTurns();
  const hash = bundledHash(bundled);
  const bundledStore = createBundledStore(needs);
  const works = {
    clock: needs.clock,
    random: needs.random,
    onTrouble: (error: unknown) => log.error('Trying policies failed', errorFields(error)),
  };
  const impacts: PolicyLibrary['impacts'] = createWorks(works);
  const replays: PolicyLibrary['replays'] = createWorks(works);
  let version = 0;
  let changes = 0;
  let unreadable: string | undefined;
  /** In place of what cannot be read: what mends it. */
  let isMending = false;
  let stop: (() => void) | undefined;
  let isUnreadableTold = false;
  let isToldOlder = false;
  let isTakenOver = false;
  /** Found when each was read wholly, which a list does not do. */
  let damagedAtStart: ReadonlySet<number> = new Set();
  const keeper = createMarkKeeper({
    mark: needs.mark,
    onTrouble: (error) => log.warn('Cannot note which policies are in force', errorFields(error)),
  });

  const numbers = createGivenNumbers({
    mark: needs.numbersMark,
    onTrouble: (error) => log.warn('Cannot tell how far numbers of versions have come', errorFields(error)),
  });

  function putInForce(next: number, policy: AccessPolicy): void {
    changes += 1;
    live.activate(policy);
    version = next;
    unreadable = undefined;
    isMending = false;
  }

  /** What could not be loaded is tried again with each look. False when another version came into force while this one was being read. */
  async function load({ version: next, digest }: Standing): Promise<boolean> {
    if (next === version && unreadable === undefined) return true;
    const begun = changes;
    const made = next === 0 ? undefined : await store.version(next);
    if (next !== 0 && made === undefined) throw new TypeError(`version ${next} of the policies is gone`);
    if (made !== undefined && made.hash !== digest)
      throw new TypeError(`version ${next} of the policies is not what was put into force`);
    if (begun !== changes) return false;
    putInForce(next, createAccessPolicy(textsWith(bundled, made?.texts ?? [])));
    return true;
  }

  async function refuse(error: unknown): Promise<void> {
    const message = messageOf(error);
    if (!isMending) letMend();
    if (unreadable === undefined) {
      log.error('The policies of the organisation cannot be read: most is denied until they can', errorFields(error));
      isUnreadableTold = false;
    }
    unreadable = message;
    if (isUnreadableTold) return;
    await tell(message);
    isUnreadableTold = true;
  }

  function letMend(): void {
    try {
      live.activate(createAccessPolicy(textsToMend(bundled)));
      isMending = true;
    } catch (error) {
      // The engine is broken, and all of this is tried again with the next look. While running, what was in force goes on; at the start that is
      // what came with the product alone, which allows what the organisation may forbid: so nobody is allowed anything.
      if (stop !== undefined && unreadable === undefined) throw error;
      if (stop === undefined) live.release();
    }
  }

  async function tell(message: string): Promise<void> {
    await needs.database.transaction().execute((transaction) =>
      needs.outbox.record(
        transaction,
        policyEvent({
          nowMs: needs.clock.nowMs(),
          by: { kind: 'system', id: 'server', name: 'server' },
          action: 'unreadable',
          target: { type: 'policy-version', id: 'in-force' },
          details: { reason: message.slice(0, 500) },
        }),
      ),
    );
  }

  /** Which version is in force cannot be told: while running, the one that was goes on. */
  async function putThereLast(): Promise<Standing | undefined> {
    try {
      const found = await compared();
      isToldOlder = false;
      return found;
    } catch (error) {
      if (stop === undefined) await refuse(error);
      else log.warn('Cannot look which policies are in force', errorFields(error));
      if (stop !== undefined && error instanceof OlderPolicies && !isToldOlder) {
        isToldOlder = true;
        await tell(error.message);
        await needs.outbox.flushed();
      }
      return undefined;
    }
  }

  /** What stands in the database, unless that was set back. */
  async function compared(): Promise<Standing> {
    const found = await store.standing();
    try {
      await keeper.compare(found.activations);
    } catch (error) {
      // One may have come into force between the look and the comparison: then there is more to see by now.
      if ((await store.standing()).activations <= found.activations) throw error;
      return compared();
    }
    return found;
  }

  /** Tried again with each look where the vault does not answer: until then what was left unsealed is not taken for damaged for ever. */
  async function takeOver(): Promise<void> {
    if (isTakenOver || (await keeper.lost()) !== undefined) return;
    isTakenOver = await takeOverEarlier(needs, { store, numbers, lastActivation: keeper.last() });
  }

  const look = (): Promise<void> =>
    inTurn(async () => {
      await takeOver();
      for (;;) {
        const next = await putThereLast();
        if (next === undefined) return;
        try {
          if (await load(next)) return;
        } catch (error) {
          await refuse(error);
          return;
        }
      }
    });

  /** What is asked now: without the organisation's where they cannot be read. */
  async function textsInForce(): Promise<PolicyTexts> {
    if (unreadable !== undefined) return textsToMend(bundled);
    return textsWith(bundled, version === 0 ? [] : ((await store.version(version))?.texts ?? []));
  }

  const standing = (): Promise<StandingNow<KeptVersion>> => standingNow(store, keeper, ({ hash: digest }) => digest);

  const versions = createPolicyVersions(needs, {
    store,
    thread,
    authorOf,
    standing,
    listed: () => readWholly(store, damagedAtStart),
    numbers,
    isUnreadable: () => unreadable !== undefined,
    async onActivated(next, policy) {
      putInForce(next, policy);
      await keeper.took((await store.standing()).activations);
    },
    lastActivation: () => keeper.last(),
  });

  const documents = createPolicyDocuments(needs, { store, thread, authorOf, standing });

  async function textsOf(number: number | undefined): Promise<readonly PolicyText[]> {
    if (number === undefined) {
      const drafts = await store.drafts();
      refuseAnyDamaged(drafts.damaged, PolicyLibraryError, 'policy_document_damaged');
      return drafts.documents;
    }
    return number === 0 ? [] : (await versions.get(number)).texts;
  }

  return {
    past: createPastDecisions(needs, { store, bundledStore, thread, textsInForce }),
    impacts,
    replays,
    async startImpact(number, by) {
      await versions.get(number);
      return impacts.start({ version: number }, by, (signal, onProgress) =>
        versions.prospect(number, by, { signal, onProgress }),
      );
    },
    async startReplay(about, by) {
      const draft = textsWith(bundled, await textsOf(about.version));
      return replays.start(about, by, async (signal, onProgress) => {
        const inForce = await textsInForce();
        return replayDecisions({ ...needs, thread }, { draft, inForce, last: about.last, signal, onProgress });
      });
    },
    compare: async (from, to) => compareTexts(await textsOf(from), await textsOf(to), documentHash),
    documents,
    versions,
    inForce: () => ({
      version,
      hash: live.version,
      bundledHash: hash,
      ...(unreadable === undefined ? {} : { unreadable }),
    }),
    bundled: () => readPolicies(bundled).policies,
    async start() {
      await bundledStore.keep(bundled, needs.clock.nowMs());
      await takeOver();
      const { damaged } = await readWholly(store);
      damagedAtStart = new Set(damaged.map(({ version: one }) => one));
      // Found now, whenever somebody looks.
      await versions.list();
      await tellDamaged(needs, damaged, (await documents.list()).damaged);
      await look();
      stop = needs.every(refreshMs, () => {
        look().catch((error: unknown) => log.warn('Cannot look which policies are in force', errorFields(error)));
      });
    },
    refresh: look,
    async close() {
      stop?.();
      impacts.close();
      replays.close();
      if (needs.thread === undefined) await thread.close();
    },
  };
}
