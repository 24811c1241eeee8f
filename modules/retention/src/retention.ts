import type { ShownHold, ShownIntent } from '@sallyport/key-vault/server';
import { messageOf } from '@sallyport/platform/errors';
import { dayKeysIn } from './day-keys.ts';
import { dueKeys, nextBatch } from './expiry.ts';
import { createForgetting } from './forgetting.ts';
import type { Forgetting } from './forgetting.ts';
import { createHolds } from './holds.ts';
import type { Holds } from './holds.ts';
import type { RecordingsKept, RetentionNeeds } from './needs.ts';
import { classViews } from './overview.ts';
import type { ClassView } from './overview.ts';
import { createPolicies } from './policies.ts';
import type { Policies } from './policies.ts';
import { createRecordChange, retentionItself } from './retention-event.ts';
import type { RetentionProfile } from './retention-profiles.ts';
import type { SourceClasses } from './source-classes.ts';

/** A hold, and whether it ends by itself: it keeps whole days of whole classes. */
export type RetentionOverview = {
  readonly classes: readonly ClassView[];
  readonly profiles: readonly RetentionProfile[];
  readonly holds: readonly ShownHold[];
  /** Batches of expired days, the newest first. */
  readonly expiries: readonly ShownIntent[];
  readonly clock: {
    /** Ledger time: days are over by it. The vault asks for more: its witnesses, or time it was seen running. */
    readonly ledgerMs: number;
    readonly evidence: 'witnesses' | 'running-time';
  };
  readonly recordings: RecordingsKept | undefined;
};

export type Retention = Pick<Policies, 'profiles' | 'setProfiles'> & {
  readonly changePolicy: Policies['change'];
  readonly holds: Holds;
  readonly sources: SourceClasses;
  readonly forgetting: Pick<Forgetting, 'list'>;
  overview(): Promise<RetentionOverview>;
  /** One look at what is past its time and at what is to be forgotten. Never throws. */
  look(): Promise<void>;
  /** Goes on with what was interrupted, and looks again and again from here on. */
  start(): void;
  stop(): Promise<void>;
};

const lookEveryMs = 60_000;
const shownExpiries = 30;
/** A batch is proposed once a day; the vault keeps a day between two by its own time. */
const betweenBatchesMs = 23 * 3_600_000;
const underWay = new Set(['begun', 'rotated', 'removed', 'destroying', 'scheduled']);

export function createRetention(needs: RetentionNeeds & { readonly sources: SourceClasses }): Retention {
  const { destructions, ledger, sources, log } = needs;
  const record = createRecordChange(needs);
  const policies = createPolicies({ ...needs, record });
  const holds = createHolds({ ...needs, record });
  const forgetting = createForgetting(needs);
  let stops: (() => void)[] = [];
  let looking: Promise<void> | undefined;

  const ledgerMs = async (): Promise<number> => Number((await ledger.status())['ledger_time_ms'] ?? 0);

  /** Proposes the next days that are past their time; the vault judges each once more by its own evidence of time. */
  async function expire(): Promise<void> {
    const { policies: agreed, intents } = await destructions.list();
    if (!agreed.some(({ keepDays }) => keepDays !== null)) return;
    const nowMs = await ledgerMs();
    const earlier = intents.filter(({ kind }) => kind === 'expiry');
    if (earlier.some(({ stage }) => underWay.has(stage))) return;
    if (earlier.some(({ atMs }) => Math.abs(nowMs - atMs) < betweenBatchesMs)) return;
    const keys = dayKeysIn(await needs.inventory());
    const heldKeyIds = new Set((await destructions.holds()).flatMap(({ keyIds }) => keyIds));
    const due = dueKeys({ keys, policies: agreed, heldKeyIds, nowMs });
    const dueIds = new Set(due.map(({ id }) => id));
    // One that waits goes first, unless nothing in it is due any more, held since or kept longer: it holds up no other.
    if (earlier.some((one) => one.stage === 'proposed' && one.keys.some(({ id }) => dueIds.has(id)))) return;
    const batch = nextBatch(due);
    if (batch.length === 0) return;
    const labels = batch.map((key) => `${key.class}/${key.day}`);
    await record({
      actor: retentionItself,
      action: 'retention.expiry',
      target: { type: 'retention', id: labels[0] ?? '' },
      details: { labels, keys: batch.map(({ id }) => id) },
    });
    const reason = `kept as long as agreed: ${labels.join(', ')}`;
    await destructions.propose(
      { kind: 'expiry', keyIds: batch.map(({ id }) => id), reason: reason.slice(0, 500) },
      'retention',
    );
  }

  async function look(): Promise<void> {
    try {
      await expire();
    } catch (error) {
      log.warn('Nobody looked at what is past its time', { message: messageOf(error) });
    }
    await forgetting.catchUp();
  }

  const lookOnce = (): Promise<void> => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  return {
    profiles: policies.profiles,
    setProfiles: policies.setProfiles,
    changePolicy: policies.change,
    holds,
    sources,
    forgetting,
    async overview() {
      const [overview, inventory, sealed, erased, profiles, nowMs, recordings] = await Promise.all([
        destructions.list(),
        needs.inventory(),
        ledger.sealedKeys(),
        forgetting.totals(),
        policies.profiles(),
        ledgerMs(),
        needs.recordings?.(),
      ]);
      const keys = dayKeysIn(inventory);
      return {
        classes: classViews({ ...overview, overview, keys, sealed, erased, profiles, nowMs, sources: sources.all() }),
        profiles,
        holds: overview.holds,
        expiries: overview.intents
          .filter(({ kind }) => kind === 'expiry')
          .toSorted((a, b) => b.atMs - a.atMs)
          .slice(0, shownExpiries),
        clock: { ledgerMs: nowMs, evidence: overview.evidence },
        recordings,
      };
    },
    look: lookOnce,
    start() {
      stops = [
        destructions.onDestroyed(() => void forgetting.catchUp()),
        needs.every(lookEveryMs, () => void lookOnce()),
      ];
      void lookOnce();
    },
    async stop() {
      for (const stop of stops) stop();
      await looking;
      await forgetting.settled();
    },
  };
}
