// The door for whoever checks certificates without a vault: nothing behind it knows a key.
export { certificateFormat } from './destruction/certificate-format.ts';
export { verifyCertificate } from './destruction/verify-certificate.ts';
export type { CertificateCheck, CertificateVerification, CheckedEvidence } from './destruction/verify-certificate.ts';
