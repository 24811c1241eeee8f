import type { HeldScopes } from '@sallyport/access-policy';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { ColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { Client, Principal } from '@sallyport/platform/http';

/** How somebody proved who they are when they let a program in, which counts as long as the program's sign-in lasts. */
export type Proof = {
  readonly assurance: 1 | 2 | 3;
  readonly authenticatedAtMs: number;
  readonly methods: readonly string[];
};

export type MachineAccessNeeds = {
  /** Migrated with `machineAccessMigrations`. */
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  readonly columnKeys: ColumnKeys;
  /** What a person may do at most by now; undefined when there is nobody of this id or they may not come in. */
  readonly allowedTo: (userId: string) => Promise<HeldScopes | undefined>;
  /** Whoever answers for an account, at their best by now: it may do nothing that they may not. */
  readonly answering: (userId: string) => Promise<Principal>;
  /**
   * A person as they are now, without what a token narrows. `settledAtMs`: when their account or password last began anew; what
   * they let in before is over. Undefined when they may not come in.
   */
  readonly person: (
    userId: string,
    proof: Proof,
  ) => Promise<{ readonly principal: Principal; readonly settledAtMs: number } | undefined>;
  /** Scopes of a principal by now, in its narrowed state: at some moment, from somewhere; with `from`, at this moment and from there. */
  readonly permissionsOf: (principal: Principal, from?: Pick<Client, 'address'>) => readonly string[];
  readonly limits?: Partial<MachineLimits>;
};

export type MachineLimits = {
  readonly maxAccounts: number;
  /** Sign-ins under way by device, of everybody together. */
  readonly maxPendingLogins: number;
  readonly maxPendingLoginsPerNetwork: number;
  readonly maxLoginsPerPerson: number;
  /** Proofs remembered so that none is good twice. */
  readonly maxRememberedProofs: number;
};

export const defaultLimits: MachineLimits = {
  maxAccounts: 1000,
  maxPendingLogins: 500,
  maxPendingLoginsPerNetwork: 20,
  maxLoginsPerPerson: 20,
  maxRememberedProofs: 200_000,
};
