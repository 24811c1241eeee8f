// The object identifiers a time-stamp token is made of.
export const contentTypes = {
  signedData: '1.2.840.113549.1.7.2',
  timeStampInfo: '1.2.840.113549.1.9.16.1.4',
} as const;

export const attributeTypes = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

export const extensionTypes = {
  keyUsage: '2.5.29.15',
  nameConstraints: '2.5.29.30',
  basicConstraints: '2.5.29.19',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
} as const;

export const keyPurposes = { timeStamping: '1.3.6.1.5.5.7.3.8', any: '2.5.29.37.0' } as const;

/** Those that are still good for signatures, by the names `node:crypto` has for them. SHA-1 is not. */
export const digestNames: ReadonlyMap<string, 'sha256' | 'sha384' | 'sha512'> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
