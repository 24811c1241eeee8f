import { createAccessPolicy, readPolicies } from '@sallyport/access-policy';
import type { AccessPolicy, ReadPolicy } from '@sallyport/access-policy';
import { messageOf } from '@sallyport/platform/errors';
import { errorFields } from '@sallyport/platform/log';
import { createTurns } from '@sallyport/platform/turns';
import { createAuthorOf } from './authors.ts';
import type { PolicyLibraryNeeds } from './needs.ts';
import { createPolicyDocuments } from './policy-documents.ts';
import type { PolicyDocuments } from './policy-documents.ts';
import { policyEvent } from './policy-event.ts';
import { bundledHash, textsToMend, textsWith } from './policy-set.ts';
import { createPolicyStore } from './policy-store.ts';
import { createPolicyThread } from './policy-thread.ts';
import { createPolicyVersions } from './policy-versions.ts';
import type { PolicyVersions } from './policy-versions.ts';

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
  inForce(): InForce;
  bundled(): readonly ReadPolicy[];
  /** Before anybody is let in: puts into force what is in force. Never throws for what it finds: what cannot be read denies. */
  start(): Promise<void>;
  /** Looks whether another server put another version into force. */
  refresh(): Promise<void>;
  close(): Promise<void>;
};

const refreshMs = 2000;

export function createPolicyLibrary(needs: PolicyLibraryNeeds): PolicyLibrary {
  const { live, bundled, log } = needs;
  const store = createPolicyStore(needs);
  const thread = createPolicyThread();
  const authorOf = createAuthorOf(needs);
  const inTurn = createTurns();
  const hash = bundledHash(bundled);
  let version = 0;
  let changes = 0;
  let unreadable: string | undefined;
  let stop: (() => void) | undefined;

  function putInForce(next: number, policy: AccessPolicy): void {
    changes += 1;
    live.activate(policy);
    version = next;
    unreadable = undefined;
  }

  /** What could not be loaded is tried again with each look. False when another version came into force while this one was being read. */
  async function load(next: number): Promise<boolean> {
    if (next === version && unreadable === undefined) return true;
    const begun = changes;
    const made = next === 0 ? undefined : await store.version(next);
    if (next !== 0 && made === undefined) throw new TypeError(`version ${next} of the policies is gone`);
    if (begun !== changes) return false;
    putInForce(next, createAccessPolicy(textsWith(bundled, made?.texts ?? [])));
    return true;
  }

  async function refuse(error: unknown): Promise<void> {
    const message = messageOf(error);
    const isNews = unreadable === undefined;
    unreadable = message;
    if (!isNews) return;
    live.activate(createAccessPolicy(textsToMend(bundled)));
    log.error('The policies of the organisation cannot be read: most is denied until they can', errorFields(error));
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
  async function numberInForce(): Promise<number | undefined> {
    try {
      return await store.active();
    } catch (error) {
      if (stop === undefined) await refuse(error);
      else log.warn('Cannot look which policies are in force', errorFields(error));
      return undefined;
    }
  }

  const look = (): Promise<void> =>
    inTurn(async () => {
      for (;;) {
        const next = await numberInForce();
        if (next === undefined) return;
        try {
          if (await load(next)) return;
        } catch (error) {
          await refuse(error);
          return;
        }
      }
    });

  return {
    documents: createPolicyDocuments(needs, { store, thread, authorOf }),
    versions: createPolicyVersions(needs, {
      store,
      thread,
      authorOf,
      isUnreadable: () => unreadable !== undefined,
      onActivated: putInForce,
    }),
    inForce: () => ({
      version,
      hash: live.version,
      bundledHash: hash,
      ...(unreadable === undefined ? {} : { unreadable }),
    }),
    bundled: () => readPolicies(bundled).policies,
    async start() {
      await look();
      stop = needs.every(refreshMs, () => {
        look().catch((error: unknown) => log.warn('Cannot look which policies are in force', errorFields(error)));
      });
    },
    refresh: look,
    async close() {
      stop?.();
      await thread.close();
    },
  };
}
