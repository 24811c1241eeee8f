import { X509Certificate } from 'node:crypto';
import type { CertificateAuthority } from '@sallyport/certificate-authority';
import { certificateAsset } from '@sallyport/crypto-inventory';
import type { InventorySource } from '@sallyport/crypto-inventory';

/** The own authority, by its certificate. What listeners show is asked of them (`listener-source.ts`). */
export function createCertificateSource(
  authority: () => Pick<CertificateAuthority, 'certificatePem'> | undefined,
): InventorySource {
  return {
    name: 'certificates',
    async gather() {
      const pem = authority()?.certificatePem;
      if (pem === undefined) return [];
      const certificate = new X509Certificate(pem);
      return [
        certificateAsset(certificate, {
          id: 'certificate/own-authority',
          name: 'Own authority',
          owner: 'certificate-authority',
          usedFor: 'vouches for the listeners of this installation',
          where: 'key vault; given out as authority.pem',
          known: { kind: 'asked', by: 'the certificate itself' },
          isUsed: true,
        }),
      ];
    },
    uses: [{ algorithm: 'sha-256', owner: 'certificate-authority', usedFor: 'fingerprints of certificates' }],
  };
}
