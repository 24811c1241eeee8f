import type { Database, Transaction } from '@sallyport/platform/database';
import { compileDeclarations, readDeclaration } from './declarations.ts';
import type { Declaration, DeclaredFields } from './declarations.ts';
import { PersonalDataError } from './errors.ts';

export type StoredDeclaration = Declaration & {
  readonly name: string;
  readonly declaredAtMs: number;
  readonly declaredBy: string;
};

type Tables = {
  personal_declarations: { id: string; declaration: string; declared_at_ms: number; declared_by: string };
};

const mostDeclarations = 50;

/** What is declared, in the control database and, compiled, in memory. */
export type DeclarationStore = {
  list(): readonly StoredDeclaration[];
  fieldsOf(collector: string): DeclaredFields | undefined;
  /** Within the caller's transaction, then `refresh`. Throws `too_many_declarations`. */
  put(transaction: Transaction, declaration: StoredDeclaration): Promise<void>;
  remove(transaction: Transaction, name: string): Promise<void>;
  refresh(): Promise<void>;
};

export async function createDeclarationStore(plain: Database): Promise<DeclarationStore> {
  const database = plain.withTables<Tables>();
  let declared: readonly StoredDeclaration[] = [];
  let compiled = compileDeclarations([]);
  const refresh = async (): Promise<void> => {
    const rows = await database.selectFrom('personal_declarations').selectAll().orderBy('id').execute();
    declared = rows.map((row) => ({
      ...readDeclaration(row.declaration),
      name: row.id,
      declaredAtMs: row.declared_at_ms,
      declaredBy: row.declared_by,
    }));
    compiled = compileDeclarations(declared);
  };
  await refresh();
  return {
    list: () => declared,
    fieldsOf: (collector) => compiled(collector),
    async put(transaction, { name, declaredAtMs, declaredBy, kind, paths, sources, except }) {
      if (declared.length >= mostDeclarations && !declared.some((one) => one.name === name))
        throw new PersonalDataError(
          'too_many_declarations',
          `Cannot declare "${name}": there are ${declared.length} declarations, must be at most ${mostDeclarations}`,
        );
      const values = {
        declaration: JSON.stringify({ kind, paths, except, ...(sources === undefined ? {} : { sources }) }),
        declared_at_ms: declaredAtMs,
        declared_by: declaredBy,
      };
      await transaction
        .withTables<Tables>()
        .insertInto('personal_declarations')
        .values({ id: name, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute();
    },
    async remove(transaction, name) {
      await transaction.withTables<Tables>().deleteFrom('personal_declarations').where('id', '=', name).execute();
    },
    refresh,
  };
}
