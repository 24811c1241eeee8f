export { algorithms, isAlgorithmId } from './algorithms.ts';
export type { Algorithm, AlgorithmId } from './algorithms.ts';
export type {
  AlgorithmUse,
  Asset,
  AssetState,
  CertificateAsset,
  CipherSuite,
  GatheredAsset,
  KeyAsset,
  KeyRole,
  LibraryAsset,
  ProtocolAsset,
  StoreAsset,
} from './asset.ts';
export { certificateAsset, keyFacts } from './certificate-asset.ts';
export { InventoryError, inventoryProblems } from './errors.ts';
export { createCryptoInventory } from './inventory.ts';
export type { CryptoInventory } from './inventory.ts';
export { installedLibraries, runtimeLibraries } from './libraries.ts';
export type { InventoryNeeds, InventorySource } from './needs.ts';
export { createInventoryRoutes } from './routes.ts';
export { inventoryMigrations } from './weakness-store.ts';
