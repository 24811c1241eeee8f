import { generateKeyPairSync } from 'node:crypto';
import { isJsonObject } from '@sallyport/contracts';
import type { SealedSecrets } from '@sallyport/certificate-authority';
import { secretNames } from '../secret-names.ts';

export type ExternalAccount = { readonly keyId: string; readonly hmacKey: string };

/** Who we are to one ACME server. Sealed; never shown. */
export type AcmeAccount = {
  readonly directoryUrl: string;
  /** PKCS#8 in PEM. */
  readonly accountKey: string;
  /** RFC 8555 section 7.3.4. */
  readonly externalAccount: ExternalAccount | undefined;
};

/** The account at this directory: the one there is, or a new key when there is none, it is another's or its binding is new. */
export async function openAcmeAccount(
  secrets: SealedSecrets,
  directoryUrl: string,
  externalAccount?: ExternalAccount,
): Promise<AcmeAccount> {
  const known = read(await secrets.open(secretNames.acmeAccount));
  if (known?.directoryUrl === directoryUrl && externalAccount === undefined) return known;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const made = {
    directoryUrl,
    accountKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    externalAccount,
  };
  await secrets.seal(secretNames.acmeAccount, Buffer.from(JSON.stringify(made)));
  return made;
}

function read(bytes: Uint8Array | undefined): AcmeAccount | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  let found: unknown;
  try {
    found = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
  if (!isJsonObject(found)) return undefined;
  const { directoryUrl, accountKey, externalAccount: bound } = found;
  if (typeof directoryUrl !== 'string' || typeof accountKey !== 'string') return undefined;
  const { keyId, hmacKey } = isJsonObject(bound) ? bound : {};
  const externalAccount = typeof keyId === 'string' && typeof hmacKey === 'string' ? { keyId, hmacKey } : undefined;
  return { directoryUrl, accountKey, externalAccount };
}
