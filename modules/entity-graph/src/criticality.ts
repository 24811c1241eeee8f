import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import {
  assetId,
  assetKinds,
  criticalityLevels,
  readCriticality,
  removeCriticality,
  writeCriticality,
} from './criticality-store.ts';
import type { AssetKind, CriticalityLevel, SetCriticality } from './criticality-store.ts';
import type { NodeKind } from './entity.ts';
import { EntityGraphError } from './errors.ts';
import type { CriticalityNeeds } from './needs.ts';

/** How much an asset matters, and why it is held to. */
export type AssetCriticality = {
  readonly level: CriticalityLevel;
  /** What it rests on, in words; empty for what is ordinary because nobody said anything. */
  readonly reason: string;
  /** Undefined where nobody said. */
  readonly set?: SetCriticality;
};

export type Criticality = {
  /** Of what nobody spoke of, the default: high for this server and administrators, else normal. Never throws, and asks nobody. */
  of(kind: NodeKind, name: string): AssetCriticality;
  /** What people said, the most critical first, then by kind and name. */
  list(): readonly SetCriticality[];
  /** Whether this would make it matter less than now. */
  isLowering(kind: AssetKind, name: string, level: CriticalityLevel | 'default'): boolean;
  /** Durable in the ledger when it resolves. Throws `criticality_exhausted`. */
  set(request: {
    readonly kind: AssetKind;
    readonly name: string;
    readonly level: CriticalityLevel;
    readonly reason: string;
    readonly actor: Principal;
  }): Promise<AssetCriticality>;
  /** Back to the default. Throws `criticality_unknown` where nobody said anything. */
  clear(request: { readonly kind: AssetKind; readonly name: string; readonly actor: Principal }): Promise<void>;
  /** Calls `listener` after each change. Returns the way to stop. */
  onChange(listener: () => void): () => void;
};

const mostAssets = 10_000;

/** Reads what is set; changes and their audit events are one transaction. */
export async function createCriticality(needs: CriticalityNeeds): Promise<Criticality> {
  const { database, outbox, clock, sealingKey } = needs;
  const { found, damaged } = await readCriticality(database, sealingKey);
  if (damaged > 0) needs.log.warn('Criticality of some assets cannot be read and counts as not set', { damaged });
  const known = new Map(found);
  const listeners = new Set<() => void>();

  function of(kind: NodeKind, name: string): AssetCriticality {
    const asset = assetKinds.find((one) => one === kind);
    const set = asset === undefined ? undefined : known.get(assetId(sealingKey, asset, name));
    if (set !== undefined) return { level: set.level, reason: set.reason, set };
    const because = needs.importantBecause(kind, name);
    return because === undefined ? { level: 'normal', reason: '' } : { level: 'high', reason: because };
  }

  function defaultOf(kind: AssetKind, name: string): CriticalityLevel {
    return needs.importantBecause(kind, name) === undefined ? 'normal' : 'high';
  }

  async function changed(write: (transaction: Transaction) => Promise<void>, event: ReturnType<typeof auditEvent>) {
    await database.transaction().execute(async (transaction) => {
      await write(transaction);
      await outbox.record(transaction, event);
    });
    await outbox.flushed();
  }

  const audit = (
    actor: Principal,
    { kind, name }: Pick<SetCriticality, 'kind' | 'name'>,
    change: { readonly to: CriticalityLevel; readonly reason: string; readonly isDefault: boolean },
  ) =>
    auditEvent({
      nowMs: clock.nowMs(),
      actor: { kind: actor.kind, id: actor.id, name: actor.name },
      action: change.isDefault ? 'criticality.clear' : 'criticality.set',
      classUid: ocsfClass.entityManagement,
      activityId: 3,
      outcome: 'success',
      target: { type: kind, id: name, name },
      details: { from: of(kind, name).level, to: change.to, reason: change.reason },
    });

  return {
    of,
    list: () =>
      [...known.values()].toSorted(
        (one, other) =>
          rank(other.level) - rank(one.level) || (`${one.kind} ${one.name}` < `${other.kind} ${other.name}` ? -1 : 1),
      ),
    isLowering: (kind, name, level) =>
      rank(level === 'default' ? defaultOf(kind, name) : level) < rank(of(kind, name).level),
    async set({ kind, name, level, reason, actor }) {
      const id = assetId(sealingKey, kind, name);
      if (!known.has(id) && known.size >= mostAssets) {
        throw new EntityGraphError(
          'criticality_exhausted',
          `Cannot set a criticality: ${mostAssets} assets have one, clear one first`,
        );
      }
      const asset: SetCriticality = {
        kind,
        name,
        level,
        reason,
        setAtMs: clock.nowMs(),
        setBy: { id: actor.id, name: actor.name },
      };
      const event = audit(actor, asset, { to: level, reason, isDefault: false });
      await changed((transaction) => writeCriticality(transaction, needs, asset), event);
      known.set(id, asset);
      for (const listener of listeners) listener();
      return of(kind, name);
    },
    async clear({ kind, name, actor }) {
      const id = assetId(sealingKey, kind, name);
      if (!known.has(id)) {
        throw new EntityGraphError(
          'criticality_unknown',
          `Cannot clear a criticality: nobody set one for this ${kind}`,
        );
      }
      const event = audit(actor, { kind, name }, { to: defaultOf(kind, name), reason: '', isDefault: true });
      await changed((transaction) => removeCriticality(transaction, id), event);
      known.delete(id);
      for (const listener of listeners) listener();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function rank(level: CriticalityLevel): number {
  return criticalityLevels.indexOf(level);
}
