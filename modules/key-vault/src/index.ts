export { KeyVaultError } from './errors.ts';
export type { KeyVaultErrorCode } from './errors.ts';
export { openKeyVault } from './key-vault.ts';
export type { KeyPurpose, KeyVault, VaultKey } from './key-vault.ts';
export type { KeyVaultNeeds, MasterKeyProvider } from './needs.ts';
export { openSealedFileProvider } from './sealed-file-provider.ts';
export type { Unsealing } from './sealed-file-provider.ts';
