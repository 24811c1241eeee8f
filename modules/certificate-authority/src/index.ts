export { createCertificateAuthority } from './certificate-authority.ts';
export type { CertificateAuthority, ServerCertificate, TlsOptions } from './certificate-authority.ts';
export { CertificateError } from './errors.ts';
export type { CertificateErrorCode } from './errors.ts';
export type { CertificateAuthorityNeeds, SealedSecrets } from './needs.ts';
