import type { Database, Transaction } from '@sallyport/platform/database';
import { countedFactors, type RoleRequirement } from './requirements.ts';

type Tables = {
  identity_role_requirements: {
    readonly role: string;
    readonly least_assurance: number;
    /** Separated by spaces. */
    readonly factors: string;
    readonly proves_with_passkey: number;
    readonly enforced_from_ms: number | null;
  };
};

/** Roles that are not stored have the default. Read anew for every question: a change holds at once, on every server. */
export type RequirementStore = {
  list(where: Database | Transaction): Promise<readonly RoleRequirement[]>;
  /** In place of all there were. */
  replace(transaction: Transaction, requirements: readonly RoleRequirement[]): Promise<void>;
};

export function createRequirementStore(): RequirementStore {
  return {
    async list(where) {
      const rows = await where.withTables<Tables>().selectFrom('identity_role_requirements').selectAll().execute();
      return rows.map((row) => ({
        role: row.role,
        leastAssurance: row.least_assurance === 2 ? 2 : 3,
        factors: countedFactors.filter((factor) => row.factors.split(' ').includes(factor)),
        provesWithPasskey: row.proves_with_passkey !== 0,
        ...(row.enforced_from_ms === null ? {} : { enforcedFromMs: row.enforced_from_ms }),
      }));
    },

    async replace(transaction, requirements) {
      const tables = transaction.withTables<Tables>();
      await tables.deleteFrom('identity_role_requirements').execute();
      if (requirements.length === 0) return;
      await tables
        .insertInto('identity_role_requirements')
        .values(
          requirements.map((one) => ({
            role: one.role,
            least_assurance: one.leastAssurance,
            factors: one.factors.join(' '),
            proves_with_passkey: one.provesWithPasskey ? 1 : 0,
            enforced_from_ms: one.enforcedFromMs ?? null,
          })),
        )
        .execute();
    },
  };
}
