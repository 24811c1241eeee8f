/** Versions of CycloneDX (ECMA-424) that model cryptographic assets. */
export const cbomVersions = ['1.6', '1.7'] as const;
export type CbomVersion = (typeof cbomVersions)[number];
