// Certificates of every kind, good and bad, signed here and now.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata';
import { KeyObject, createPrivateKey, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 60 * 60 * 1000;
const serverAuth = '1.3.6.1.5.5.7.3.1';
export const clientAuth = '1.3.6.1.5.5.7.3.2';

export type Party = {
  readonly pem: string;
  readonly keyPem: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly name: string;
};

export type Wanted = {
  readonly name: string;
  readonly issuer?: Party;
  readonly isAuthority?: boolean;
  readonly names?: readonly string[];
  readonly usage?: string;
  readonly fromMs?: number;
  readonly lifeMs?: number;
  readonly algorithm?: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams;
};

let serial = 0x10;

export async function issue(wanted: Wanted): Promise<Party> {
  const { name, issuer, isAuthority = false, names = [], usage = serverAuth, fromMs = Date.now() - dayMs } = wanted;
  const keys = await generate(wanted.algorithm ?? ecdsa);
  const signer = issuer ?? { keys, name };
  serial += 1;
  const issued = await X509CertificateGenerator.create(
    {
      serialNumber: serial.toString(16),
      subject: `CN=${name}`,
      issuer: `CN=${signer.name}`,
      notBefore: new Date(fromMs),
      notAfter: new Date(fromMs + (wanted.lifeMs ?? 90 * dayMs)),
      publicKey: keys.publicKey,
      signingKey: signer.keys.privateKey,
      signingAlgorithm: ecdsa,
      extensions: [
        new BasicConstraintsExtension(isAuthority, undefined, true),
        ...(isAuthority ? [] : [new ExtendedKeyUsageExtension([usage], false)]),
        ...(names.length === 0
          ? []
          : [new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))]),
      ],
    },
    webcrypto,
  );
  return { pem: `${issued.toString('pem')}\n`, keyPem: pemOf(keys.privateKey), keys, name };
}

async function generate(
  algorithm: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams,
): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function pemOf(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Encrypted as a person would have it. */
export function encrypted(keyPem: string, passphrase: string): string {
  const how = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  return createPrivateKey(keyPem).export(how).toString();
}
