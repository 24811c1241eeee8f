import { X509Certificate } from 'node:crypto';
import { describeProfile, type CertificateAuthority } from '@sallyport/certificate-authority';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { HttpsError } from './https-errors.ts';

const Authority = Type.Object({
  name: Type.String(),
  fingerprint_sha256: Type.String({ description: 'Of the certificate, to compare by another way than this' }),
  fingerprint_sha1: Type.String({ description: 'As some systems show it; not to be relied on' }),
  not_after: Type.String({ format: 'date-time' }),
  names: Type.Array(Type.String(), { description: 'It may vouch for these and names below them' }),
  ranges: Type.Array(Type.String(), { description: 'And for addresses in these' }),
});

const files = [
  { ending: 'pem', type: 'application/x-pem-file', what: 'in PEM' },
  { ending: 'crt', type: 'application/x-x509-ca-cert', what: 'in DER' },
  {
    ending: 'mobileconfig',
    type: 'application/x-apple-aspen-config',
    what: 'as a profile for Apple devices, unsigned',
  },
] as const;

/** The authority's certificate, for everybody: whoever is to trust it has no account yet. It is no secret. */
export function createAuthorityRoutes(authority: () => CertificateAuthority | undefined): RoutePlugin {
  const known = (): CertificateAuthority => {
    const found = authority();
    if (found !== undefined) return found;
    throw new HttpsError('authority_none', 'Cannot show an authority: this server has none of its own', {
      hint: 'an administrator makes one in Settings, HTTPS for others',
    });
  };
  return async (fastify) => {
    const app = typedApp(fastify);
    app.get(
      '/v1/authority',
      {
        config: { public: true },
        schema: {
          summary: 'The authority that signs this server’s certificates',
          tags: ['authority'],
          response: { 200: Authority },
        },
      },
      async () => {
        const { certificatePem, fingerprint, notAfterMs, permitted } = known();
        return {
          name: nameOf(certificatePem),
          fingerprint_sha256: fingerprint,
          fingerprint_sha1: new X509Certificate(certificatePem).fingerprint,
          not_after: new Date(notAfterMs).toISOString(),
          names: [...permitted.dns],
          ranges: [...permitted.ranges],
        };
      },
    );
    for (const { ending, type, what } of files) {
      app.get(
        `/v1/authority.${ending}`,
        { config: { public: true }, schema: { summary: `Its certificate ${what}`, tags: ['authority'] } },
        async (_request, reply) => {
          const { certificatePem } = known();
          const { raw } = new X509Certificate(certificatePem);
          const body = {
            pem: Buffer.from(certificatePem),
            crt: raw,
            mobileconfig: Buffer.from(describeProfile({ der: raw, name: nameOf(certificatePem) })),
          }[ending];
          return reply
            .header('content-type', type)
            .header('content-disposition', `attachment; filename="sallyport-authority.${ending}"`)
            .send(body);
        },
      );
    }
  };
}

function nameOf(certificatePem: string): string {
  return new X509Certificate(certificatePem).subject.replace(/^CN=/, '');
}
