export { createVaultClient } from './vault-client.ts';
export type { Asked, RotationOrder, VaultClient } from './vault-client.ts';
export { createVaultMemory, keyVaultMigrations } from './vault-memory.ts';
export type { VaultMemory } from './vault-memory.ts';
export { createVaultRoutes, keyVaultProblems } from './vault-routes.ts';
export type { VaultAct } from './vault-routes.ts';
