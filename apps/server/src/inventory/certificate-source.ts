import { X509Certificate } from 'node:crypto';
import type { CertificateAuthority } from '@sallyport/certificate-authority';
import { certificateAsset } from '@sallyport/crypto-inventory';
import type { InventorySource } from '@sallyport/crypto-inventory';

/** What is trusted here. */
type TrustedAuthority = {
  readonly id: string;
  readonly settings: { readonly name: string; readonly isEnabled: boolean };
  readonly certificates: readonly { readonly x509: X509Certificate; readonly thumbprint: string }[];
};

/**
 * The own authority, by its certificate, and those whose certificates people sign in with. What listeners show is asked of them
 * (`listener-source.ts`).
 */
export function createCertificateSource(
  authority: () => Pick<CertificateAuthority, 'certificatePem'> | undefined,
  ofPeople: () => Promise<readonly TrustedAuthority[]> = async () => [],
): InventorySource {
  return {
    name: 'certificates',
    async gather() {
      const trusted = (await ofPeople()).flatMap(({ id, settings, certificates }) =>
        certificates.map(({ x509, thumbprint }) =>
          certificateAsset(x509, {
            id: `certificate/people/${id}/${thumbprint.slice(0, 16)}`,
            name: `Authority of people’s certificates: ${settings.name}`,
            owner: 'identity',
            usedFor: 'smart cards and certificates that people sign in with',
            where: 'control database, in encrypted columns',
            known: { kind: 'asked', by: 'the certificate itself' },
            isUsed: settings.isEnabled,
          }),
        ),
      );
      const pem = authority()?.certificatePem;
      if (pem === undefined) return trusted;
      const certificate = new X509Certificate(pem);
      return [
        ...trusted,
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
