export { defaultDestructionRules, judgeDestruction } from './destruction.ts';
export type {
  DestructionApproval,
  DestructionFacts,
  DestructionIntent,
  DestructionJudgement,
  DestructionRules,
  LegalHold,
  Obstacle,
  VouchedTime,
} from './destruction.ts';
export { KeyVaultError } from './errors.ts';
export type { KeyVaultErrorCode } from './errors.ts';
export { openKeyVault } from './key-vault.ts';
export type { KeyVault, VaultKey } from './key-vault.ts';
export type { OffSite, OffSiteFacts, OffSiteFile, OffSiteReceipt } from './off-site.ts';
export type { DestructionNeeds, KeyRecords } from './destruction/needs.ts';
export { createVaultService } from './key-frames.ts';
export type { VaultService } from './key-frames.ts';
export type { KeyProvider, ProviderKind } from './key-provider.ts';
export type { KeyPurpose } from './key-record.ts';
export type { KeyVaultNeeds, KnownVault } from './needs.ts';
export { createSubjectFrames } from './subject-frames.ts';
export { createSubjectPages } from './subject-pages.ts';
export type { SubjectPages } from './subject-pages.ts';
export { createSealedFileProvider } from './sealed-file-provider.ts';
export type { Unsealing } from './unsealing.ts';
export { systemVaultFiles } from './vault-files.ts';
export { parseKeyProvidersConfig } from './providers/providers-config.ts';
export type { KeyProvidersConfig } from './providers/providers-config.ts';
export { createRemoteProvider } from './providers/remote-provider.ts';
