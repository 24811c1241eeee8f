import type { Database, Transaction } from '@sallyport/platform/database';
import { blindIndex, createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { BlindIndex, ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import { deriveKey, open } from '../factors/sealing.ts';
import type { SiteRole } from '@sallyport/platform/http';
import type { TakeOver } from '../needs.ts';
import { formatSiteRoles, readSiteRoles } from './site-roles.ts';

type UserRow = {
  readonly id: string;
  readonly name: Encrypted;
  readonly name_key: BlindIndex;
  /** 0 for names that earlier versions wrote in the clear, 1 for those they sealed. */
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
  /** As `roles`: what `identity_provided_roles` has for them, each once. */
  readonly provided_roles: string;
  /** What `formatSiteRoles` makes of them. */
  readonly site_roles: Encrypted<string | null>;
  /** Until another password is chosen. */
  readonly password_refused_at_ms: number | null;
};
type Tables = { identity_users: UserRow };
type OpenedUser = Opened<Tables>['identity_users'];

export type User = {
  readonly id: string;
  readonly name: string;
  /** Given here. */
  readonly roles: readonly string[];
  /** By the word of a provider, which changes them at each sign-in: see `effectiveRolesOf`. */
  readonly providedRoles?: readonly string[];
  /** Each at one site alone, and given here. */
  readonly siteRoles?: readonly SiteRole[];
  readonly passwordHash?: string;
  readonly createdAtMs: number;
  /** `user/<id>`, `operator/<id>`, `key/<id>` or `setup`. */
  readonly createdBy: string;
  /** When they first had a password and a second factor. */
  readonly activatedAtMs?: number;
  readonly disabledAtMs?: number;
  readonly lastSignInAtMs?: number;
  readonly passwordChangedAtMs?: number;
  /** Since when they must choose another password before they may do anything else. */
  readonly passwordRefusedAtMs?: number;
};

/** Invited: no password yet. Enrolling: no second factor yet. */
export type UserState = 'invited' | 'enrolling' | 'active' | 'disabled';

export function stateOf(user: Omit<User, 'name'>): UserState {
  if (user.disabledAtMs !== undefined) return 'disabled';
  if (user.activatedAtMs !== undefined) return 'active';
  return user.passwordHash === undefined ? 'invited' : 'enrolling';
}

/** Everything somebody holds for good, whoever gave it: what they may do and must show rests on this. */
export function effectiveRolesOf({
  roles,
  providedRoles = [],
}: Pick<User, 'roles' | 'providedRoles'>): readonly string[] {
  return providedRoles.length === 0 ? roles : [...new Set([...roles, ...providedRoles])];
}

/** The roles somebody holds anywhere: what they must show to come in, and how long they stay, rests on all of them. */
export function rolesAnywhereOf({
  roles = [],
  providedRoles = [],
  siteRoles = [],
}: Partial<Pick<User, 'roles' | 'providedRoles' | 'siteRoles'>>): readonly string[] {
  return [...new Set([...roles, ...providedRoles, ...siteRoles.map(({ role }) => role)])];
}

/** Whether somebody has the password that was checked. One of another cost may have been hashed anew meanwhile, by another sign-in. */
export function isSamePassword(now: User | undefined, checked: User, wasOutdated: boolean): boolean {
  if (now?.passwordHash === undefined) return false;
  if (now.passwordHash === checked.passwordHash) return true;
  return wasOutdated && now.passwordChangedAtMs === checked.passwordChangedAtMs;
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
  /** The same password at another cost: whoever must choose another still must. */
  rehash(transaction: Transaction, id: string, passwordHash: string): Promise<void>;
  remove(transaction: Transaction, id: string): Promise<void>;
  /** Names that an earlier version wrote, in the clear or sealed its way, and those under older keys. */
  readonly takeOver: TakeOver;
};

export type UserChange = {
  readonly roles?: readonly string[];
  readonly siteRoles?: readonly SiteRole[];
  /** Null takes it away. */
  readonly passwordHash?: string | null;
  readonly passwordChangedAtMs?: number;
  readonly passwordRefusedAtMs?: number;
  /** Null takes it back, as for the next. */
  readonly activatedAtMs?: number | null;
  readonly disabledAtMs?: number | null;
  readonly lastSignInAtMs?: number;
  readonly providedRoles?: readonly string[];
};

type ColumnNeeds = { readonly columnKeys: ColumnKeys; readonly random: (length: number) => Uint8Array };

/** Names stand in the database sealed, and are found by a blind index: whoever reads the file alone does not learn who works here. */
function userColumns({ columnKeys, random }: ColumnNeeds) {
  const name = encrypted({ index: blindIndex('name_key', { normalise: nameKeyOf }) });
  return createEncryptedColumns<Tables>({
    keys: columnKeys,
    random,
    tables: { identity_users: { row: 'id', columns: { name, site_roles: encrypted({ padBytes: 64 }) } } },
  });
}

function toUser(row: OpenedUser): User {
  const siteRoles = readSiteRoles(row.site_roles);
  return { ...standingOf(row), name: row.name, ...(siteRoles.length === 0 ? {} : { siteRoles }) };
}

/** For whoever only has to know who somebody is. */
export function createUserReader(needs: ColumnNeeds): Pick<UserStore, 'find'> {
  const columns = userColumns(needs);
  return {
    async find(where, id) {
      const row = await columns
        .on(where)
        .selectFrom('identity_users')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : toUser(row);
    },
  };
}

export function createUserStore(
  needs: ColumnNeeds & {
    /** Opens what earlier versions sealed. */
    readonly key: Uint8Array;
  },
): UserStore {
  const columns = userColumns(needs);

  return {
    ...createUserReader(needs),

    async findByName(where, name) {
      const row = await columns
        .on(where)
        .selectFrom('identity_users')
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirst();
      return row === undefined ? undefined : toUser(row);
    },

    async list(where) {
      const rows = await columns.on(where).selectFrom('identity_users').selectAll().execute();
      const named = rows.map(toUser).map((user) => ({ user, key: nameKeyOf(user.name) }));
      return named.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ user }) => user);
    },

    async count(where) {
      const { count } = await columns
        .on(where)
        .selectFrom('identity_users')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    },

    async insert(transaction, user) {
      await columns
        .on(transaction)
        .insertInto('identity_users')
        .values({
          id: user.id,
          name: user.name,
          sealed: 1,
          roles: user.roles.join(' '),
          password_hash: user.passwordHash ?? null,
          created_at_ms: user.createdAtMs,
          created_by: user.createdBy,
          activated_at_ms: user.activatedAtMs ?? null,
          disabled_at_ms: null,
          last_sign_in_at_ms: null,
          password_changed_at_ms: user.passwordHash === undefined ? null : user.createdAtMs,
          provided_roles: (user.providedRoles ?? []).join(' '),
          site_roles: formatSiteRoles(user.siteRoles ?? []),
          password_refused_at_ms: null,
        })
        .execute();
    },

    async update(where, id, change) {
      await columns
        .on(where)
        .updateTable('identity_users')
        .set({
          ...(change.roles === undefined ? {} : { roles: change.roles.join(' ') }),
          ...(change.siteRoles === undefined ? {} : { site_roles: formatSiteRoles(change.siteRoles) }),
          ...(change.providedRoles === undefined ? {} : { provided_roles: change.providedRoles.join(' ') }),
          // Another password is what was asked for.
          ...(change.passwordHash === undefined
            ? {}
            : { password_hash: change.passwordHash, password_refused_at_ms: null }),
          ...(change.passwordRefusedAtMs === undefined ? {} : { password_refused_at_ms: change.passwordRefusedAtMs }),
          ...(change.passwordChangedAtMs === undefined ? {} : { password_changed_at_ms: change.passwordChangedAtMs }),
          ...(change.activatedAtMs === undefined ? {} : { activated_at_ms: change.activatedAtMs }),
          ...(change.disabledAtMs === undefined ? {} : { disabled_at_ms: change.disabledAtMs }),
          ...(change.lastSignInAtMs === undefined ? {} : { last_sign_in_at_ms: change.lastSignInAtMs }),
        })
        .where('id', '=', id)
        .execute();
    },

    async rehash(transaction, id, passwordHash) {
      await columns
        .on(transaction)
        .updateTable('identity_users')
        .set({ password_hash: passwordHash })
        .where('id', '=', id)
        .execute();
    },

    async remove(transaction, id) {
      await columns.on(transaction).deleteFrom('identity_users').where('id', '=', id).execute();
    },

    takeOver(database, options) {
      const nameSeal = deriveKey(needs.key, 'user name');
      const earlier = {
        name: (stored: string, row: Readonly<Record<string, unknown>>): string =>
          row['sealed'] === 0 ? stored : open(nameSeal, stored, String(row['id'])).toString(),
      };
      return columns.reencrypt(database, 'identity_users', { ...options, earlier });
    },
  };
}

/** What somebody may do and whether they may come in: for those who have no business with names. */
type Standing = Omit<User, 'name' | 'siteRoles'>;

/** Somebody of this role who may sign in, other than `exceptId`. */
export async function hasActive(where: Database | Transaction, role: string, exceptId = ''): Promise<boolean> {
  const rows = await where
    .withTables<Tables>()
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

function standingOf(row: Omit<OpenedUser, 'name' | 'site_roles'>): Standing {
  return {
    id: row.id,
    roles: row.roles.split(' ').filter((role) => role !== ''),
    ...(row.provided_roles === '' ? {} : { providedRoles: row.provided_roles.split(' ') }),
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    ...(row.password_hash === null ? {} : { passwordHash: row.password_hash }),
    ...(row.activated_at_ms === null ? {} : { activatedAtMs: row.activated_at_ms }),
    ...(row.disabled_at_ms === null ? {} : { disabledAtMs: row.disabled_at_ms }),
    ...(row.last_sign_in_at_ms === null ? {} : { lastSignInAtMs: row.last_sign_in_at_ms }),
    ...(row.password_changed_at_ms === null ? {} : { passwordChangedAtMs: row.password_changed_at_ms }),
    ...(row.password_refused_at_ms === null ? {} : { passwordRefusedAtMs: row.password_refused_at_ms }),
  };
}
