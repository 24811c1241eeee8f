import type { FindingLevel, JsonObject, Position } from '@sallyport/contracts';
import type { EventFilter, FoundEvent, Neighbours, Rebuilding } from '@sallyport/event-search';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { SealingKey } from '@sallyport/platform/sealed-text';
import type { AlertEntities, NodeKind } from './entity.ts';

/** An alert, as far as it is drawn. */
export type NearAlert = {
  readonly id: string;
  readonly title: string;
  readonly level: FindingLevel;
  readonly priority: number;
  readonly state: string;
  readonly count: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly finding: Position;
  readonly input: Position;
  readonly entities: AlertEntities;
};

/** How much somebody is at risk, as far as anything is known of them. */
export type NodeRisk = {
  readonly value: number;
  readonly reasons: readonly string[];
  /** Under which the page of entities knows them. */
  readonly entityId: string;
};

/** A phone or computer of the fleet; where it carries a camera, the camera has the same id. */
export type FleetDevice = {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  readonly approvedBy: string | undefined;
};

export type AroundNeeds = {
  /** The alert, and what the rule counted by. Throws `alert_unknown`. */
  readonly alert: (
    id: string,
  ) => Promise<NearAlert & { readonly matched: readonly { readonly field: string; readonly value: string }[] }>;
  /** Alerts that found something in that time, those of the highest priority first. */
  readonly alertsBetween: (fromMs: number, toMs: number, limit: number) => Promise<readonly NearAlert[]>;
  readonly neighbours: Neighbours;
  readonly events: {
    search(
      request: EventFilter & { readonly sort: 'newest' | 'oldest'; readonly limit: number },
    ): Promise<{ readonly events: readonly FoundEvent[]; readonly erased?: number }>;
    histogram(filter: EventFilter): Promise<{
      readonly intervalMs: number;
      readonly buckets: readonly { readonly fromMs: number; readonly count: number }[];
    }>;
    rebuilding(): Promise<Rebuilding | undefined>;
  };
  /** Undefined where nothing is known. Never throws. */
  readonly risk: (kind: NodeKind, name: string) => NodeRisk | undefined;
  readonly device: (id: string) => FleetDevice | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
};

export type CriticalityNeeds = {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  /** 32 secret bytes, the same at every start: names of assets are sealed and hashed under it. */
  readonly sealingKey: SealingKey;
  readonly log: { warn(message: string, details?: JsonObject): void };
  /** Whether it is more than ordinary where nobody said so: why, in words. Must not throw. */
  readonly importantBecause: (kind: NodeKind, name: string) => string | undefined;
};
