import type { LivePolicy, PolicyTexts } from '@sallyport/access-policy';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Log } from '@sallyport/platform/log';
import type { Subject } from './policy-impact.ts';
import type { PolicyStoreNeeds } from './policy-store.ts';

export type PolicyLibraryNeeds = PolicyStoreNeeds & {
  /** Comes with the product. */
  readonly bundled: PolicyTexts;
  /** What everything asks; holds the bundled policies until `start`. */
  readonly live: LivePolicy;
  /** Everybody there is: active people, keys and service accounts in use. */
  readonly subjects: () => Promise<readonly Subject[]>;
  /** Names of all sites. */
  readonly sites: () => Promise<readonly string[]>;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly log: Log;
};
