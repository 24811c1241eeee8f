import type { JsonObject } from '@sallyport/contracts';
import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { ColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { RiskFacts } from './decisions/risk-facts.ts';
import type { Owner } from './sessions/agent.ts';
import type { Machines } from './sessions/machine.ts';

export type AgentGuardNeeds = {
  /** Migrated with `agentGuardMigrations`. */
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly clock: Clock;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  readonly columnKeys: ColumnKeys;
  /** Who owns an agent, as they are now; undefined when there is nobody of this id any more, or they may do nothing. */
  readonly owner: (owner: Owner) => Promise<
    | {
        readonly name: string;
        readonly scopes: readonly string[];
        /** Id of the person who answers for a service account, or made a key. */
        readonly person?: string;
      }
    | undefined
  >;
  /** Ids of the service accounts that a person answers for now. */
  readonly servicesOf: (userId: string) => Promise<readonly string[]>;
  /** Machines that sensors vouch for. */
  readonly machines: Machines;
  /** How unlike themselves the agent and those behind it were lately. Asked with each call: answers from memory. */
  readonly riskOf: (run: {
    readonly agentId: string;
    readonly owner: Owner;
    readonly ownerName: string;
    readonly person: string | undefined;
  }) => RiskFacts;
  /** What goes wrong in the background; holds nothing of what agents do. */
  readonly log: (message: string, details: JsonObject) => void;
  readonly limits?: Partial<AgentGuardLimits>;
};

export type AgentGuardLimits = {
  readonly maxAgentsPerOwner: number;
  readonly maxOpenSessionsPerOwner: number;
  /** A session that nothing is heard of for so long is over. */
  readonly idleMs: number;
  /** However busy it is. */
  readonly maxLifetimeMs: number;
  /** Sessions whose origins of values are remembered; of others what they saw counts as untrusted. */
  readonly maxRemembered: number;
  /** A person is asked for so long at most; a caller that waits less long is told no before it goes. */
  readonly approvalMs: number;
  /** Questions that wait for a person at once. */
  readonly maxWaiting: number;
  readonly maxWaitingPerAgent: number;
  readonly maxWaitingPerSession: number;
};

export const defaultLimits: AgentGuardLimits = {
  maxAgentsPerOwner: 100,
  maxOpenSessionsPerOwner: 200,
  idleMs: 15 * 60_000,
  maxLifetimeMs: 24 * 3_600_000,
  maxRemembered: 200,
  approvalMs: 5 * 60_000,
  maxWaiting: 200,
  maxWaitingPerAgent: 20,
  maxWaitingPerSession: 5,
};
