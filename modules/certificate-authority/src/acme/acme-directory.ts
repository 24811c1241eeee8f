import { isJsonObject, type JsonValue } from '@sallyport/contracts';
import { CertificateError } from '../errors.ts';
import { acmeError, openAcmeClient, parseDirectoryUrl, whileWanted, type AcmeNetwork } from './acme-client-network.ts';

/** What a person must know before there is an account (RFC 8555 section 7.1.1). */
export type AcmeDirectory = {
  readonly termsUrl: string | undefined;
  readonly externalAccountRequired: boolean;
};

/** Throws `CertificateError` `acme_…`. */
export async function readAcmeDirectory(url: string, network: AcmeNetwork): Promise<AcmeDirectory> {
  const directoryUrl = parseDirectoryUrl(url);
  const { acme, explain } = await openAcmeClient(network);
  let answer: JsonValue;
  try {
    const asked = acme.axios.get<JsonValue>(directoryUrl, { validateStatus: null });
    const response = await whileWanted(network.signal, asked);
    answer = response.data;
  } catch (error) {
    throw acmeError(explain(error), directoryUrl, network.signal);
  }
  if (!isJsonObject(answer) || typeof answer['newOrder'] !== 'string' || typeof answer['newAccount'] !== 'string') {
    throw new CertificateError(
      'acme_directory_invalid',
      `Cannot use "${directoryUrl}": must answer with an ACME directory (RFC 8555)`,
    );
  }
  const meta = isJsonObject(answer['meta']) ? answer['meta'] : {};
  const terms = meta['termsOfService'];
  // It becomes a link in the console.
  const isLink = typeof terms === 'string' && URL.canParse(terms) && /^https?:$/.test(new URL(terms).protocol);
  return {
    termsUrl: isLink ? terms : undefined,
    externalAccountRequired: meta['externalAccountRequired'] === true,
  };
}
