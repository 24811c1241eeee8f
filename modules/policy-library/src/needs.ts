import type { LivePolicy, PolicyTexts } from '@sallyport/access-policy';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Log } from '@sallyport/platform/log';
import type { InForceMark } from './in-force-mark.ts';
import type { Subject } from './policy-impact.ts';
import type { PolicyThread } from './policy-thread.ts';
import type { SealedStoreNeeds } from './sealed-json.ts';
import type { AuditEntry } from './recorded-decision.ts';

/** The audit trail, as far as it tells of requests that were let through or refused. */
export type RecordedDecisions = {
  /** Newest first; `after` is `next` of the page before. Other records may be among them. */
  page(request: {
    readonly limit: number;
    readonly after?: string;
  }): Promise<{ readonly entries: readonly AuditEntry[]; readonly next?: string }>;
  at(position: string): Promise<AuditEntry | undefined>;
  /** Those that name this id of a request; a few at most. */
  withRequest(id: string): Promise<readonly AuditEntry[]>;
};

export type PolicyLibraryNeeds = SealedStoreNeeds & {
  /** Comes with the product. */
  readonly bundled: PolicyTexts;
  /** What everything asks; holds the bundled policies until `start`. */
  readonly live: LivePolicy;
  /** Outside the database: how often policies were put into force, and how far numbers of versions have come. */
  readonly mark: InForceMark;
  readonly numbersMark: InForceMark;
  /** Everybody there is: active people, keys and service accounts in use. */
  readonly subjects: () => Promise<readonly Subject[]>;
  /** Names of all sites. */
  readonly sites: () => Promise<readonly string[]>;
  /** What the edge decided, as the audit trail has it. */
  readonly decisions: RecordedDecisions;
  /** The organisation's, as IANA names it. */
  readonly timeZone: string;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly log: Log;
  /** Where policies are tried, of whoever hands it in; one of its own where there is none. */
  readonly thread?: PolicyThread;
};
