import type { MigrationSet } from '@sallyport/platform/database';
import { createPolicies } from './migrations/0001-create-policies.ts';
import { createBundled } from './migrations/0002-create-bundled.ts';

export { AuthorBody, distinctAuthors } from './authors.ts';
export {
  asRead,
  damagedOf,
  readDrafts,
  refuseAnyDamaged,
  refuseDamaged,
  removedPrefix,
  unknownWriter,
} from './damaged-drafts.ts';
export type { DamagedDraft, DamagedRow } from './damaged-drafts.ts';
export { createFoundDamage, damageToTell } from './found-damage.ts';
export type { Found } from './found-damage.ts';
export { damageOf, readEach, readWholly } from './damaged-rows.ts';
export type { DamagedVersion, ReadRows } from './damaged-rows.ts';
export { createInForceRow } from './in-force-row.ts';
export type { Standing } from './in-force-row.ts';
export { createSealedJson } from './sealed-json.ts';
export type { SealedStoreNeeds } from './sealed-json.ts';
export { standingNow } from './standing-now.ts';
export type { StandingNow } from './standing-now.ts';
export { compareTexts, DifferenceBody, shownDifference } from './version-differences.ts';
export type { DocumentDifference } from './version-differences.ts';
export { keptFrom, nextNumber } from './version-numbers.ts';
export { whyNotSecond, writersOf, writersOfOther } from './who-wrote.ts';
export { PolicyLibraryError, policyLibraryProblems } from './errors.ts';
export type { PolicyLibraryErrorCode } from './errors.ts';
export { createMarkKeeper, InForceUnreadable, OlderPolicies, UnreadableRow } from './in-force-mark.ts';
export type { InForceMark } from './in-force-mark.ts';
export type { PolicyLibraryNeeds, RecordedDecisions } from './needs.ts';
export type { Author } from './policy-document.ts';
export type { Subject } from './policy-impact.ts';
export { createPolicyRoutes } from './routes.ts';
export { createPolicyLibrary } from './policy-library.ts';
export type { PolicyLibrary } from './policy-library.ts';
export { createTaskThread } from './task-thread.ts';
export type { TaskProgress, TaskThread, Watch } from './task-thread.ts';
export { createWorks } from './works.ts';
export type { Work, Works } from './works.ts';

export const policyLibraryMigrations: MigrationSet = {
  module: 'policy-library',
  migrations: { '0001-create-policies': createPolicies, '0002-create-bundled': createBundled },
};
