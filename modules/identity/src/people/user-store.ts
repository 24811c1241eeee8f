import type { Database, Transaction } from '@sallyport/platform/database';

type UserRow = {
  readonly id: string;
  readonly name: string;
  /** The name as it is looked for. */
  readonly name_key: string;
  /** Separated by spaces. */
  readonly roles: string;
  readonly password_hash: string | null;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly activated_at_ms: number | null;
  readonly disabled_at_ms: number | null;
  readonly last_sign_in_at_ms: number | null;
};
type Tables = { identity_users: UserRow };

export type User = {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly passwordHash?: string;
  readonly createdAtMs: number;
  /** `user/<id>`, `operator/<id>`, `key/<id>` or `setup`. */
  readonly createdBy: string;
  /** When they first had a password and a second factor. */
  readonly activatedAtMs?: number;
  readonly disabledAtMs?: number;
  readonly lastSignInAtMs?: number;
};

/** Invited: no password yet. Enrolling: no second factor yet. */
export type UserState = 'invited' | 'enrolling' | 'active' | 'disabled';

export function stateOf(user: User): UserState {
  if (user.disabledAtMs !== undefined) return 'disabled';
  if (user.activatedAtMs !== undefined) return 'active';
  return user.passwordHash === undefined ? 'invited' : 'enrolling';
}

/** Names that look the same to people are one name. */
export function nameKeyOf(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
}

/** Every function runs in the transaction or database it is handed. */
export const userStore = {
  async find(where: Database | Transaction, id: string): Promise<User | undefined> {
    const row = await tables(where).selectFrom('identity_users').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : toUser(row);
  },

  async findByName(where: Database | Transaction, name: string): Promise<User | undefined> {
    const row = await tables(where)
      .selectFrom('identity_users')
      .selectAll()
      .where('name_key', '=', nameKeyOf(name))
      .executeTakeFirst();
    return row === undefined ? undefined : toUser(row);
  },

  /** By name. */
  async list(where: Database | Transaction): Promise<readonly User[]> {
    const rows = await tables(where).selectFrom('identity_users').selectAll().orderBy('name_key').execute();
    return rows.map(toUser);
  },

  async insert(transaction: Transaction, user: User): Promise<void> {
    await tables(transaction)
      .insertInto('identity_users')
      .values({
        id: user.id,
        name: user.name,
        name_key: nameKeyOf(user.name),
        roles: user.roles.join(' '),
        password_hash: user.passwordHash ?? null,
        created_at_ms: user.createdAtMs,
        created_by: user.createdBy,
        activated_at_ms: null,
        disabled_at_ms: null,
        last_sign_in_at_ms: null,
      })
      .execute();
  },

  async update(
    where: Database | Transaction,
    id: string,
    change: {
      readonly roles?: readonly string[];
      readonly passwordHash?: string;
      readonly activatedAtMs?: number;
      /** Null takes it back. */
      readonly disabledAtMs?: number | null;
      readonly lastSignInAtMs?: number;
    },
  ): Promise<void> {
    await tables(where)
      .updateTable('identity_users')
      .set({
        ...(change.roles === undefined ? {} : { roles: change.roles.join(' ') }),
        ...(change.passwordHash === undefined ? {} : { password_hash: change.passwordHash }),
        ...(change.activatedAtMs === undefined ? {} : { activated_at_ms: change.activatedAtMs }),
        ...(change.disabledAtMs === undefined ? {} : { disabled_at_ms: change.disabledAtMs }),
        ...(change.lastSignInAtMs === undefined ? {} : { last_sign_in_at_ms: change.lastSignInAtMs }),
      })
      .where('id', '=', id)
      .execute();
  },

  async remove(transaction: Transaction, id: string): Promise<void> {
    await tables(transaction).deleteFrom('identity_users').where('id', '=', id).execute();
  },
};

function tables(where: Database | Transaction): ReturnType<typeof where.withTables<Tables>> {
  return where.withTables<Tables>();
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    name: row.name,
    roles: row.roles.split(' ').filter((role) => role !== ''),
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    ...(row.password_hash === null ? {} : { passwordHash: row.password_hash }),
    ...(row.activated_at_ms === null ? {} : { activatedAtMs: row.activated_at_ms }),
    ...(row.disabled_at_ms === null ? {} : { disabledAtMs: row.disabled_at_ms }),
    ...(row.last_sign_in_at_ms === null ? {} : { lastSignInAtMs: row.last_sign_in_at_ms }),
  };
}
