/** What the command line needs of packs: building, reading and verifying them, without a server. */
export { buildPack, readPack, verifyPack } from './pack-file.ts';
export type { PackFile, ReadPack } from './pack-file.ts';
export { isPackName, isPackVersion, packLimits } from './pack-manifest.ts';
export type { PackManifest } from './pack-manifest.ts';
export { objectionToPath, sameOnSomeSystem } from './pack-path.ts';
export { createSigningKey, readSigningKey } from './signing-key.ts';
export { isRulePath, readCatalogue } from './read-catalogue.ts';
export type { PackCatalogue } from './read-catalogue.ts';
export { RulePackError } from './errors.ts';
