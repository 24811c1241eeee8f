import type { MigrationSet } from '@sallyport/platform/database';
import { createPrivilegeTables } from './migrations/0001-create-privileges.ts';
import { createPrivilegeRoll } from './migrations/0002-create-roll.ts';
import { addSealedPasskeys } from './migrations/0003-add-sealed-passkeys.ts';

export { PrivilegeError, privilegeProblems } from './errors.ts';
export type { PrivilegeErrorCode } from './errors.ts';
export type { AskingSession, DoneWithGrant, Holder, PersonRisk, PrivilegeNeeds, SealedAccounts } from './needs.ts';
export { createBreakGlassRoutes } from './break-glass-routes.ts';
export { createPrivileges } from './privileges.ts';
export type { Holding, Privileges } from './privileges.ts';
export { createPrivilegeRoutes } from './routes.ts';
export { readSeparationRules } from './separation.ts';
export type { SeparationRule } from './separation.ts';

export const privilegeMigrations: MigrationSet = {
  module: 'privileged-access',
  migrations: {
    '0001-create-privileges': createPrivilegeTables,
    '0002-create-roll': createPrivilegeRoll,
    '0003-add-sealed-passkeys': addSealedPasskeys,
  },
};
