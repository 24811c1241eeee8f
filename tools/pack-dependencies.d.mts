/** Packages whose entries are packed into few files after an install. */
export const packedPackages: readonly string[];

/** Packs those of a node_modules directory that are not packed yet. */
export function packDependencies(modules: string, names?: readonly string[]): Promise<void>;
