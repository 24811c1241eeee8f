export { createColumnRotations } from './column-rotation.ts';
export type { ColumnKeyring, ColumnRotation, ColumnRotations } from './column-rotation.ts';
export { createVaultClient } from './vault-client.ts';
export type { Asked } from './asked.ts';
export type { RotationOrder, VaultClient } from './vault-client.ts';
export { createSubjectKeys } from './subject-keys.ts';
export type { OpenedSubjectKey, PlacedSubjectKey, SubjectKeys } from './subject-keys.ts';
export { createVaultMemory, keyVaultMigrations } from './vault-memory.ts';
export type { VaultMemory } from './vault-memory.ts';
export { createVaultRoutes, keyVaultProblems } from './vault-routes.ts';
export type { VaultAct } from './vault-routes.ts';
export { maxReadBackBytes } from '../off-site.ts';
export type { OffSite, OffSiteFacts, OffSiteFile, OffSiteReceipt } from '../off-site.ts';
export type { DestroyedKey, Destructions, NewHold, Proposal } from './destructions-seam.ts';
export type {
  DestructionOverview,
  HoldSelector,
  IntentKind,
  IntentStage,
  RetentionPolicy,
  ShownApprover,
  ShownHold,
  ShownIntent,
  ShownKey,
  ShownObstacle,
  ShownPolicy,
} from '../destruction/shown.ts';
export { readVaultExport } from './vault-export.ts';
export { createCertificateStore } from './certificate-store.ts';
export { createDestructions } from './destructions.ts';
export type { DestructionService } from './destructions.ts';
export { createDestructionRoutes } from './destruction-routes.ts';
export { createDestructionCalls } from './destruction-calls.ts';
export { createHoldRoutes } from './hold-routes.ts';
export { createApproverRoutes } from './approver-routes.ts';
export { createKitMemory } from './kit-memory.ts';
export { createKitRoutes } from './kit-routes.ts';
export type { KitRoutesNeeds } from './kit-routes.ts';
export { readVaultHeader } from './vault-export.ts';
