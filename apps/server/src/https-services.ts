import { join } from 'node:path';
import { createCertificateAuthority } from '@sallyport/certificate-authority';
import type { CertificateAuthority, CertificateAuthorityNeeds } from '@sallyport/certificate-authority';
import { messageOf } from '@sallyport/platform/errors';
import { writeFileDurably } from '@sallyport/platform/files';
import type { Log } from '@sallyport/platform/log';
import { createHttps } from './https/index.ts';
import type { Https } from './https/index.ts';

export type HttpsServices = {
  /** Of the first listener; undefined when the server was given no names at the start. */
  readonly authority: CertificateAuthority | undefined;
  /** Where clients find the certificate to trust; undefined with `authority`. */
  readonly authorityFile: string | undefined;
  readonly https: Https;
  /** Every name the server goes by now. */
  names(): readonly string[];
};

/** Who makes this server's certificates, and the door for others that is opened while it runs. */
export async function createHttpsServices(
  needs: CertificateAuthorityNeeds & {
    readonly log: Log;
    readonly dataDirectory: string;
    /** Given at the start. */
    readonly startNames: readonly string[];
    /** The first listener's certificate comes from the authority that was made, too, from now on. */
    readonly renewCertificate: () => Promise<void>;
  },
): Promise<HttpsServices> {
  const { log, startNames } = needs;
  const authority =
    startNames.length === 0 ? undefined : await createCertificateAuthority(needs, { names: startNames });
  const file = join(needs.dataDirectory, 'authority.pem');
  const write = ({ certificatePem }: CertificateAuthority): void => writeFileDurably(file, Buffer.from(certificatePem));
  if (authority !== undefined) write(authority);
  const https = await createHttps({
    ...needs,
    authority,
    deadline: (ms) => AbortSignal.timeout(ms),
    onAuthority(made) {
      try {
        write(made);
      } catch (error) {
        log.error('The authority was not written', { file, message: messageOf(error) });
      }
      setImmediate(() => void needs.renewCertificate());
    },
  });
  return {
    authority,
    authorityFile: authority === undefined ? undefined : file,
    https,
    names: () => [...new Set([...(https.moment().settings?.names ?? []), ...startNames, 'localhost'])],
  };
}
