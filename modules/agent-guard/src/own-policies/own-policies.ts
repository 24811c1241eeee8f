import { engine as cedar } from '@sallyport/access-policy';
import type { JsonObject } from '@sallyport/contracts';
import type { Principal } from '@sallyport/platform/http';
import { messageOf } from '@sallyport/platform/errors';
import { createTurns } from '@sallyport/platform/turns';
import {
  compareTexts,
  createMarkKeeper,
  createWorks,
  damageToTell,
  readWholly,
  refuseAnyDamaged,
  standingNow,
} from '@sallyport/policy-library';
import type { DocumentDifference, Work, Works } from '@sallyport/policy-library';
import { guardEvent } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import { createAgentStore } from '../sessions/agent-store.ts';
import type { OwnPoliciesNeeds } from './needs.ts';
import { loadOwn } from '../decisions/own-decisions.ts';
import type { OwnCedar, OwnInForce } from '../decisions/own-decisions.ts';
import { createOwnDocuments } from './own-documents.ts';
import type { OwnDocuments } from './own-documents.ts';
import { draftHash } from '../decisions/own-policy.ts';
import type { OwnScope, OwnText } from '../decisions/own-policy.ts';
import type { OwnStanding } from './own-standing.ts';
import { createOwnStore } from './own-store.ts';
import { createOwnThread } from './own-thread.ts';
import { createOwnVersions } from './own-versions.ts';
import type { OwnVersions } from './own-versions.ts';
import { readOwn } from '../decisions/read-own.ts';
import type { ReadOwnPolicy } from '../decisions/read-own.ts';
import { replayOwn } from './replay-own.ts';
import type { ReplayedOwn } from './replay-own.ts';

/** What is replayed: a version, or without one the documents as they are. */
export type OwnDifferenceOfTexts = DocumentDifference & {
  /** Whom it was about, and is; left out where there was or is none. */
  readonly was?: OwnScope;
  readonly is?: OwnScope;
};

export type ReplayAbout = { readonly version?: number; readonly last: number };

/** The organisation's own policies for agents beside the packs: drafts, versions, and the one in force on every server. */
export type OwnPolicies = {
  readonly documents: OwnDocuments;
  readonly versions: OwnVersions;
  readonly replays: Works<ReplayAbout, ReplayedOwn>;
  /** `drafts`: documents in place of those of their names, where no version is replayed. */
  startReplay(
    about: ReplayAbout & { readonly drafts?: readonly OwnText[] },
    by: Principal,
  ): Promise<Work<ReplayAbout, ReplayedOwn>>;
  /**
   * What differs, document by document and line by line; 0: none, without a number the documents as they are. Throws `agent_policy_version_unknown`,
   * `agent_policy_version_damaged`.
   */
  compare(from: number | undefined, to: number | undefined): Promise<readonly OwnDifferenceOfTexts[]>;
  /** What policies are asked with. */
  readonly cedar: OwnCedar;
  /** What decides with the pack of an agent. Another object where anything changed. */
  inForce(): OwnInForce;
  /** Before any call is judged: puts into force what is in force. Never throws for what it finds: what cannot be read denies. */
  start(): Promise<void>;
  /** Looks whether another server put another version into force. */
  refresh(): Promise<void>;
  close(): Promise<void>;
};

const refreshMs = 2000;

export function createOwnPolicies(needs: OwnPoliciesNeeds): OwnPolicies {
  const { log } = needs;
  const schema = needs.files.find(({ name }) => name === 'schema.cedarschema')?.text ?? '';
  const store = createOwnStore(needs);
  const agents = createAgentStore(needs);
  const thread = needs.thread ?? createOwnThread(needs.files);
  const inTurn = createTurns();
  const onTrouble = (error: unknown): void => log('Trying policies for agents failed', { reason: messageOf(error) });
  const replays: OwnPolicies['replays'] = createWorks({ ...needs, onTrouble });
  const keeper = createMarkKeeper({
    mark: needs.mark,
    onTrouble: (error) => log('Cannot note which policies for agents are in force', { reason: messageOf(error) }),
  });
  let inForce: OwnInForce = { kind: 'unreadable', reason: 'they were not looked at yet' };
  let loads = 0;
  /** Found when each was read wholly, which a list does not do. */
  let damagedAtStart: ReadonlySet<number> = new Set();
  let told: string | undefined;
  let stop: (() => void) | undefined;

  function put(version: number, policies: readonly ReadOwnPolicy[]): void {
    const before = inForce;
    loads += 1;
    inForce =
      version === 0
        ? { kind: 'none' }
        : { kind: 'policies', version, policies: loadOwn(cedar, policies, `agent-own/${loads}`) };
    told = undefined;
    if (before.kind === 'policies') before.policies.release();
  }

  async function refuse(reason: string): Promise<void> {
    if (inForce.kind === 'policies') inForce.policies.release();
    if (inForce.kind !== 'unreadable' || inForce.reason !== reason) inForce = { kind: 'unreadable', reason };
    await tell(reason);
  }

  /** Once for each reason. */
  async function tell(reason: string): Promise<void> {
    if (told === reason) return;
    told = reason;
    log("The organisation's policies for agents cannot be read", { reason });
    await record('agent.policy_unreadable', 'in-force', { reason: reason.slice(0, 500) });
  }

  async function record(action: 'agent.policy_unreadable' | 'agent.policy_damaged', id: string, details: JsonObject) {
    await needs.database.transaction().execute((transaction) =>
      needs.outbox.record(
        transaction,
        guardEvent({
          nowMs: needs.clock.nowMs(),
          by: { kind: 'system', id: 'server', name: 'server' },
          action,
          target: { type: 'agent policy version', id },
          details,
        }),
      ),
    );
  }

  /** Versions and documents that somebody changed in the database, or that a disk damaged: each is good for nothing, and they are told at a start. */
  async function tellDamaged(): Promise<void> {
    const { damaged } = await readWholly(store);
    damagedAtStart = new Set(damaged.map(({ version }) => version));
    // Found now, whenever somebody looks.
    await versions.list();
    const toTell = damageToTell(damaged, (await documents.list()).damaged);
    if (toTell !== undefined) await record('agent.policy_damaged', toTell.id, toTell.details);
  }

  const standing = (): Promise<OwnStanding> => standingNow(store, keeper, ({ digest }) => digest);

  /** What another server put into force is noted first: what is older than that is found out from then on. */
  async function note(): Promise<void> {
    const { activations } = await store.standing().catch(() => ({ activations: 0 }));
    if (activations > keeper.last()) await keeper.compare(activations).catch(() => undefined);
  }

  const look = (): Promise<void> =>
    inTurn(async () => {
      await keeper.lost();
      await note();
      const { version, made, doubt, number } = await standing();
      if (doubt !== undefined) {
        // While running, what was in force goes on, unless it is another that cannot be read.
        const isOther = number !== undefined && (inForce.kind !== 'policies' || inForce.version !== number);
        return inForce.kind === 'unreadable' || isOther ? refuse(doubt) : tell(doubt);
      }
      if (inForce.kind !== 'unreadable') told = undefined;
      if (inForce.kind === 'policies' && inForce.version === version) return;
      if (inForce.kind === 'none' && version === 0) return;
      const { policies, faults } = readOwn(cedar, schema, made?.texts ?? []);
      const [fault] = faults;
      if (fault !== undefined)
        return refuse(`version ${version}: "${fault.document}", line ${fault.line}: ${fault.message}`);
      put(version, policies);
    });

  const replay = (work: Parameters<typeof replayOwn>[1]): Promise<ReplayedOwn> =>
    replayOwn(
      {
        pastCalls: needs.pastCalls,
        thread,
        async agents() {
          const all = await agents.listAgents(needs.database);
          const behind = new Map<string, string | undefined>();
          for (const { owner } of all) {
            const key = `${owner.kind}/${owner.id}`;
            if (!behind.has(key))
              behind.set(key, owner.kind === 'user' ? owner.id : (await needs.owner(owner))?.person);
          }
          return new Map(
            all.map(({ id, name, pack, owner }) => {
              const person = behind.get(`${owner.kind}/${owner.id}`);
              return [id, { name, pack, ...(person === undefined ? {} : { person }) }];
            }),
          );
        },
      },
      work,
    );

  const versions = createOwnVersions(needs, {
    store,
    thread,
    standing,
    listed: () => readWholly(store, damagedAtStart),
    lastActivation: () => keeper.last(),
    replay,
    onActivated: (version, policies) =>
      inTurn(async () => {
        put(version, policies);
        await keeper.took((await store.standing()).activations);
      }),
  });

  const documents = createOwnDocuments(needs, { store, thread });

  async function wholeDocuments() {
    const drafts = await store.drafts();
    refuseAnyDamaged(drafts.damaged, AgentGuardError, 'agent_policy_damaged');
    return drafts.documents;
  }

  async function textsOf(version: number | undefined): Promise<readonly OwnText[]> {
    if (version === undefined) return wholeDocuments();
    return version === 0 ? [] : (await versions.get(version)).texts;
  }

  return {
    documents,
    versions,
    replays,
    async startReplay({ drafts = [], ...about }, by) {
      const { version, last } = about;
      if (version !== undefined) {
        await versions.get(version);
        return replays.start(about, by, (signal, onProgress) =>
          versions.replay(version, last, by, { signal, onProgress }),
        );
      }
      const others = (await wholeDocuments()).filter(({ id }) => !drafts.some((one) => one.id === id));
      const texts = [...others, ...drafts];
      return replays.start(about, by, async (signal, onProgress) =>
        replay({ texts, inForce: (await standing()).made?.texts ?? [], last, signal, onProgress }),
      );
    },
    async compare(from, to) {
      const [before, after] = [await textsOf(from), await textsOf(to)];
      const scopeIn = (texts: readonly OwnText[], id: string) => texts.find((one) => one.id === id)?.scope;
      return compareTexts(before, after, draftHash).map((one) => {
        const [was, is] = [scopeIn(before, one.id), scopeIn(after, one.id)];
        return { ...one, ...(was === undefined ? {} : { was }), ...(is === undefined ? {} : { is }) };
      });
    },
    cedar,
    inForce: () => inForce,
    async start() {
      await tellDamaged();
      await look();
      stop = needs.every(refreshMs, () => {
        look().catch((error: unknown) =>
          log('Cannot look which policies for agents are in force', { reason: messageOf(error) }),
        );
      });
    },
    refresh: look,
    async close() {
      stop?.();
      replays.close();
      if (needs.thread === undefined) await thread.close();
    },
  };
}
