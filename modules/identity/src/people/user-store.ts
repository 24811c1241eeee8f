import { createHmac } from 'node:crypto';
import type { Database, Transaction } from '@sallyport/platform/database';
import { deriveKey, open, seal } from '../factors/sealing.ts';

type UserRow = {
  readonly id: string;
  /** Sealed, and bound to the id. */
  readonly name: string;
  /** Keyed hash of the name as it is looked for. */
  readonly name_key: string;
  /** 0 as long as both stand as earlier versions wrote them: in the clear. */
  readonly sealed: number;
  /** Separated by spaces. */
  readonly roles: string;
  readonly password_hash: string | null;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly activated_at_ms: number | null;
  readonly disabled_at_ms: number | null;
  readonly last_sign_in_at_ms: number | null;
  readonly password_changed_at_ms: number | null;
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
  readonly passwordChangedAtMs?: number;
};

/** Invited: no password yet. Enrolling: no second factor yet. */
export type UserState = 'invited' | 'enrolling' | 'active' | 'disabled';

export function stateOf(user: Omit<User, 'name'>): UserState {
  if (user.disabledAtMs !== undefined) return 'disabled';
  if (user.activatedAtMs !== undefined) return 'active';
  return user.passwordHash === undefined ? 'invited' : 'enrolling';
}

/** Names that look the same to people are one name. */
export function nameKeyOf(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
}

/** Every function runs in the transaction or database it is handed. */
export type UserStore = {
  find(where: Database | Transaction, id: string): Promise<User | undefined>;
  findByName(where: Database | Transaction, name: string): Promise<User | undefined>;
  /** By name. */
  list(where: Database | Transaction): Promise<readonly User[]>;
  count(where: Database | Transaction): Promise<number>;
  insert(transaction: Transaction, user: User): Promise<void>;
  update(where: Database | Transaction, id: string, change: UserChange): Promise<void>;
  remove(transaction: Transaction, id: string): Promise<void>;
  /** Names that an earlier version wrote in the clear; nothing to do ever after. */
  sealNames(database: Database): Promise<void>;
};

export type UserChange = {
  readonly roles?: readonly string[];
  /** Null takes it away. */
  readonly passwordHash?: string | null;
  readonly passwordChangedAtMs?: number;
  /** Null takes it back, as for the next. */
  readonly activatedAtMs?: number | null;
  readonly disabledAtMs?: number | null;
  readonly lastSignInAtMs?: number;
};

const nonceBytes = 12;

/** Names stand in the database sealed, and are found by a keyed hash: whoever reads the file alone does not learn who works here. */
export function createUserStore(needs: {
  readonly key: Uint8Array;
  readonly random: (length: number) => Uint8Array;
}): UserStore {
  const nameSeal = deriveKey(needs.key, 'user name');
  const lookup = deriveKey(needs.key, 'user name lookup');
  const hashOf = (name: string): string => createHmac('sha256', lookup).update(nameKeyOf(name)).digest('hex');
  const sealed = (id: string, name: string): Pick<UserRow, 'name' | 'name_key' | 'sealed'> => ({
    name: seal(nameSeal, Buffer.from(name), id, needs.random(nonceBytes)),
    name_key: hashOf(name),
    sealed: 1,
  });
  const toUser = (row: UserRow): User => ({
    ...standingOf(row),
    name: row.sealed === 1 ? open(nameSeal, row.name, row.id).toString() : row.name,
  });

  return {
    async find(where, id) {
      const row = await tables(where).selectFrom('identity_users').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : toUser(row);
    },

    async findByName(where, name) {
      const row = await tables(where)
        .selectFrom('identity_users')
        .selectAll()
        .where('name_key', '=', hashOf(name))
        .executeTakeFirst();
      return row === undefined ? undefined : toUser(row);
    },

    async list(where) {
      const rows = await tables(where).selectFrom('identity_users').selectAll().execute();
      const named = rows.map(toUser).map((user) => ({ user, key: nameKeyOf(user.name) }));
      return named.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ user }) => user);
    },

    async count(where) {
      const { count } = await tables(where)
        .selectFrom('identity_users')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    },

    async insert(transaction, user) {
      await tables(transaction)
        .insertInto('identity_users')
        .values({
          id: user.id,
          ...sealed(user.id, user.name),
          roles: user.roles.join(' '),
          password_hash: user.passwordHash ?? null,
          created_at_ms: user.createdAtMs,
          created_by: user.createdBy,
          activated_at_ms: null,
          disabled_at_ms: null,
          last_sign_in_at_ms: null,
          password_changed_at_ms: user.passwordHash === undefined ? null : user.createdAtMs,
        })
        .execute();
    },

    async update(where, id, change) {
      await tables(where)
        .updateTable('identity_users')
        .set({
          ...(change.roles === undefined ? {} : { roles: change.roles.join(' ') }),
          ...(change.passwordHash === undefined ? {} : { password_hash: change.passwordHash }),
          ...(change.passwordChangedAtMs === undefined ? {} : { password_changed_at_ms: change.passwordChangedAtMs }),
          ...(change.activatedAtMs === undefined ? {} : { activated_at_ms: change.activatedAtMs }),
          ...(change.disabledAtMs === undefined ? {} : { disabled_at_ms: change.disabledAtMs }),
          ...(change.lastSignInAtMs === undefined ? {} : { last_sign_in_at_ms: change.lastSignInAtMs }),
        })
        .where('id', '=', id)
        .execute();
    },

    async remove(transaction, id) {
      await tables(transaction).deleteFrom('identity_users').where('id', '=', id).execute();
    },

    async sealNames(database) {
      await database.transaction().execute(async (transaction) => {
        const rows = await tables(transaction)
          .selectFrom('identity_users')
          .select(['id', 'name'])
          .where('sealed', '=', 0)
          .execute();
        for (const { id, name } of rows)
          await tables(transaction).updateTable('identity_users').set(sealed(id, name)).where('id', '=', id).execute();
      });
    },
  };
}

/** What somebody may do and whether they may come in: for those who have no business with names. */
export type Standing = Omit<User, 'name'>;

export async function readStanding(where: Database | Transaction, id: string): Promise<Standing | undefined> {
  const row = await tables(where).selectFrom('identity_users').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : standingOf(row);
}

/** Somebody of this role who may sign in, other than `exceptId`. */
export async function hasActive(where: Database | Transaction, role: string, exceptId = ''): Promise<boolean> {
  const rows = await tables(where)
    .selectFrom('identity_users')
    .select('roles')
    .where('activated_at_ms', 'is not', null)
    .where('disabled_at_ms', 'is', null)
    .where('id', '<>', exceptId)
    .where('roles', 'like', `%${role}%`)
    .limit(100)
    .execute();
  return rows.some(({ roles }) => roles.split(' ').includes(role));
}

function tables(where: Database | Transaction): ReturnType<typeof where.withTables<Tables>> {
  return where.withTables<Tables>();
}

function standingOf(row: UserRow): Standing {
  return {
    id: row.id,
    roles: row.roles.split(' ').filter((role) => role !== ''),
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    ...(row.password_hash === null ? {} : { passwordHash: row.password_hash }),
    ...(row.activated_at_ms === null ? {} : { activatedAtMs: row.activated_at_ms }),
    ...(row.disabled_at_ms === null ? {} : { disabledAtMs: row.disabled_at_ms }),
    ...(row.last_sign_in_at_ms === null ? {} : { lastSignInAtMs: row.last_sign_in_at_ms }),
    ...(row.password_changed_at_ms === null ? {} : { passwordChangedAtMs: row.password_changed_at_ms }),
  };
}
