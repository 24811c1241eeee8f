import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { PrivilegeError } from './errors.ts';
import { privilegeLimits } from './request.ts';
import { checkedRules } from './separation.ts';
import type { SeparationRule } from './separation.ts';

/** Who may ask for a role for a time, who approves it, how many of them, and how long at most. */
export type RoleRule = {
  readonly role: string;
  /** Own roles, one of which somebody must have to ask. */
  readonly requestableBy: readonly string[];
  /** Own roles, one of which somebody must have to approve. */
  readonly approvers: readonly string[];
  /** At least; what brings a dangerous right takes two whatever stands here. */
  readonly approvals: 1 | 2;
  readonly maxMinutes: number;
  /** Somebody looks afterwards at what was done with it. Dangerous ones are reviewed whatever stands here. */
  readonly isReviewed: boolean;
};

export type PrivilegeSettings = {
  readonly roles: readonly RoleRule[];
  /** From this risk on nobody approves or takes up, and grants end; not break-glass. */
  readonly endAtRisk: number;
  readonly reviewHours: number;
  readonly breakGlassMinutes: number;
  readonly breakGlassReviewHours: number;
  readonly drillDays: number;
  /** Ids of bundled separation rules that do not hold here. */
  readonly separationOff: readonly string[];
  readonly separationOwn: readonly SeparationRule[];
};

export type StoredSettings = { readonly revision: number; readonly settings: PrivilegeSettings };

/** Rights with which somebody can give themselves others, reach keys and people's data, or turn off who watches: two people approve. */
export const dangerousActions: readonly string[] = [
  'users:manage',
  'settings:manage',
  'keys:manage',
  'vault:manage',
  'personal:manage',
  'policies:manage',
  'clock:accept',
];

const usual: PrivilegeSettings = {
  roles: [
    { role: 'admin', requestableBy: ['analyst'], approvers: ['admin'], approvals: 2, maxMinutes: 60, isReviewed: true },
    {
      role: 'analyst',
      requestableBy: ['guard', 'viewer'],
      approvers: ['admin'],
      approvals: 1,
      maxMinutes: 240,
      isReviewed: true,
    },
    {
      role: 'guard',
      requestableBy: ['viewer', 'analyst'],
      approvers: ['admin', 'analyst'],
      approvals: 1,
      maxMinutes: 480,
      isReviewed: false,
    },
    {
      role: 'auditor',
      requestableBy: ['viewer'],
      approvers: ['admin'],
      approvals: 1,
      maxMinutes: 480,
      isReviewed: false,
    },
    {
      role: 'viewer',
      requestableBy: ['auditor'],
      approvers: ['admin'],
      approvals: 1,
      maxMinutes: 480,
      isReviewed: false,
    },
  ],
  endAtRisk: 90,
  reviewHours: 72,
  breakGlassMinutes: 60,
  breakGlassReviewHours: 24,
  drillDays: 90,
  separationOff: [],
  separationOwn: [],
};

type Tables = { privilege_settings: { name: string; revision: number; settings: string } };

/** Revision 0 is what nobody has changed yet. */
export async function readSettings(where: Database | Transaction): Promise<StoredSettings> {
  const row = await where
    .withTables<Tables>()
    .selectFrom('privilege_settings')
    .selectAll()
    .where('name', '=', 'settings')
    .executeTakeFirst();
  return row === undefined
    ? { revision: 0, settings: usual }
    : { revision: row.revision, settings: parseSettings(row.settings) };
}

/** Throws `privilege_rules_changed_meanwhile` unless `revision` is the stored one. */
export async function writeSettings(
  transaction: Transaction,
  revision: number,
  settings: PrivilegeSettings,
): Promise<void> {
  const stored = await readSettings(transaction);
  if (stored.revision !== revision)
    throw new PrivilegeError(
      'privilege_rules_changed_meanwhile',
      `Cannot change the rules: revision is ${stored.revision}, must be ${revision}`,
    );
  const tables = transaction.withTables<Tables>();
  await tables.deleteFrom('privilege_settings').where('name', '=', 'settings').execute();
  await tables
    .insertInto('privilege_settings')
    .values({ name: 'settings', revision: revision + 1, settings: JSON.stringify(settings) })
    .execute();
}

/** Throws `privilege_rules_invalid`: what nobody could use, and what would let fewer decide than must. */
export function checkSettings(
  settings: PrivilegeSettings,
  known: {
    readonly roles: readonly string[];
    readonly dangerousOf: (role: string) => readonly string[];
    readonly bundled: readonly SeparationRule[];
  },
): void {
  const refuse = (why: string): never => {
    throw new PrivilegeError('privilege_rules_invalid', `Cannot take these rules: ${why}`);
  };
  const seen = new Set<string>();
  for (const { role, requestableBy, approvers, approvals, maxMinutes } of settings.roles) {
    if (seen.has(role)) refuse(`"${role}" stands twice`);
    seen.add(role);
    const unknown = [role, ...requestableBy, ...approvers].find((one) => !known.roles.includes(one));
    if (unknown !== undefined) refuse(`"${unknown.slice(0, 80)}" is no role`);
    if (requestableBy.length > 0 && approvers.length === 0) refuse(`"${role}" must have approvers`);
    if (maxMinutes < privilegeLimits.leastMinutes || maxMinutes > privilegeLimits.hardMostMinutes)
      refuse(`"${role}" must be for 15 minutes to 12 hours`);
    const dangerous = known.dangerousOf(role);
    if (approvals < 2 && dangerous.length > 0)
      refuse(`"${role}" brings ${dangerous.join(', ')}, which two people must approve`);
  }
  checkedRules(settings.separationOwn);
  const bundled = new Set(known.bundled.map(({ id }) => id));
  const strange = settings.separationOff.find((id) => !bundled.has(id));
  if (strange !== undefined) refuse(`"${strange.slice(0, 80)}" is no bundled separation rule`);
  const taken = settings.separationOwn.find(({ id }) => bundled.has(id));
  if (taken !== undefined) refuse(`"${taken.id}" is the id of a bundled separation rule`);
}

export function separationInForce(settings: PrivilegeSettings, bundled: readonly SeparationRule[]): SeparationRule[] {
  return [...bundled.filter(({ id }) => !settings.separationOff.includes(id)), ...settings.separationOwn];
}

/** What this server wrote; what is missing, as after an upgrade, is as usual. */
function parseSettings(text: string): PrivilegeSettings {
  const read = parseJson(text);
  if (!isJsonObject(read)) return usual;
  const count = (name: keyof PrivilegeSettings): number | undefined => {
    const value = read[name];
    return typeof value === 'number' ? value : undefined;
  };
  return {
    roles: objectsOf(read['roles']).map((rule) => ({
      role: textOf(rule['role']),
      requestableBy: textsOf(rule['requestableBy']),
      approvers: textsOf(rule['approvers']),
      approvals: rule['approvals'] === 1 ? 1 : 2,
      maxMinutes: typeof rule['maxMinutes'] === 'number' ? rule['maxMinutes'] : privilegeLimits.leastMinutes,
      isReviewed: rule['isReviewed'] !== false,
    })),
    endAtRisk: count('endAtRisk') ?? usual.endAtRisk,
    reviewHours: count('reviewHours') ?? usual.reviewHours,
    breakGlassMinutes: count('breakGlassMinutes') ?? usual.breakGlassMinutes,
    breakGlassReviewHours: count('breakGlassReviewHours') ?? usual.breakGlassReviewHours,
    drillDays: count('drillDays') ?? usual.drillDays,
    separationOff: textsOf(read['separationOff']),
    separationOwn: objectsOf(read['separationOwn']).map((rule) => ({
      id: textOf(rule['id']),
      name: textOf(rule['name']),
      why: textOf(rule['why']),
      one: textsOf(rule['one']),
      other: textsOf(rule['other']),
    })),
  };
}

function objectsOf(value: JsonValue | undefined): JsonObject[] {
  const items: readonly JsonValue[] = Array.isArray(value) ? value : [];
  return items.filter(isJsonObject);
}
