// Authorities, cards and lists of revocations of every kind, good and bad, signed here and now.
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs it, and takes it from there
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

export { Extension, KeyUsageFlags } from '@peculiar/x509';

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
export const clientAuth = '1.3.6.1.5.5.7.3.2';
export const serverAuth = '1.3.6.1.5.5.7.3.1';
export const smartCardLogon = '1.3.6.1.4.1.311.20.2.2';

export type Party = {
  readonly pem: string;
  readonly der: Uint8Array;
  readonly keyPem: string;
  readonly keys: Keys;
  readonly name: string;
  readonly serial: string;
};

export type Wanted = {
  readonly name: string;
  /** Itself when left out. */
  readonly issuer?: Party;
  readonly isAuthority?: boolean;
  readonly pathLength?: number;
  /** None when empty. */
  readonly usages?: x509.KeyUsageFlags;
  readonly purposes?: readonly string[];
  readonly upns?: readonly (string | Uint8Array)[];
  readonly emails?: readonly (string | Uint8Array)[];
  readonly policies?: readonly string[];
  readonly points?: readonly string[];
  readonly extensions?: readonly x509.Extension[];
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly keyAlgorithm?: Parameters<typeof newKeys>[0];
};

let lastSerial = 0x1000;

/** `nowMs` is the middle of what it is valid for, unless said otherwise. */
export async function issue(nowMs: number, wanted: Wanted): Promise<Party> {
  const { name, issuer, isAuthority = false, pathLength, upns = [], emails = [] } = wanted;
  const keys = await newKeys(wanted.keyAlgorithm ?? ecdsa);
  const signer = issuer ?? { keys, name };
  lastSerial += 1;
  const serialNumber = lastSerial.toString(16);
  const usages =
    wanted.usages ??
    (isAuthority ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign : x509.KeyUsageFlags.digitalSignature);
  const purposes = wanted.purposes ?? (isAuthority ? [] : [clientAuth]);
  const names = [...upns.map(upnName), ...emails.map((email) => der(0x81, bytesOf(email)))];
  const made = await x509.X509CertificateGenerator.create(
    {
      serialNumber,
      subject: `CN=${name}`,
      issuer: `CN=${signer.name}`,
      notBefore: new Date(wanted.fromMs ?? nowMs - dayMs),
      notAfter: new Date(wanted.toMs ?? nowMs + 90 * dayMs),
      publicKey: keys.publicKey,
      signingKey: signer.keys.privateKey,
      signingAlgorithm: { name: signer.keys.privateKey.algorithm.name, hash: 'SHA-256' },
      extensions: [
        new x509.BasicConstraintsExtension(isAuthority, pathLength, true),
        // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- flags are bits of one number
        ...(usages === 0 ? [] : [new x509.KeyUsagesExtension(usages, true)]),
        ...(purposes.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension([...purposes], false)]),
        ...(names.length === 0 ? [] : [new x509.Extension('2.5.29.17', false, der(0x30, ...names))]),
        ...((wanted.policies ?? []).length === 0
          ? []
          : [new x509.CertificatePolicyExtension([...(wanted.policies ?? [])])]),
        ...((wanted.points ?? []).length === 0
          ? []
          : [new x509.CRLDistributionPointsExtension([...(wanted.points ?? [])])]),
        ...(wanted.extensions ?? []),
      ],
    },
    crypto,
  );
  const serial = Buffer.from(serialNumber.padStart(serialNumber.length + (serialNumber.length % 2), '0'), 'hex');
  return {
    pem: `${made.toString('pem')}\n`,
    der: new Uint8Array(made.rawData),
    keyPem: await pemOfKey(keys),
    keys,
    name,
    serial: serial.toString('hex'),
  };
}

/** A list of what an authority revoked, as base64 of DER. */
export async function listOf(
  issuer: Party,
  nowMs: number,
  wanted: {
    readonly revoked?: readonly Party[];
    readonly fromMs?: number;
    readonly toMs?: number;
    readonly number?: number;
    readonly extensions?: readonly x509.Extension[];
    readonly signedBy?: Party;
  } = {},
): Promise<string> {
  const signer = wanted.signedBy ?? issuer;
  const made = await x509.X509CrlGenerator.create(
    {
      issuer: `CN=${issuer.name}`,
      thisUpdate: new Date(wanted.fromMs ?? nowMs - 3_600_000),
      nextUpdate: new Date(wanted.toMs ?? nowMs + 7 * dayMs),
      entries: (wanted.revoked ?? []).map(({ serial }) => ({ serialNumber: serial, revocationDate: new Date(nowMs) })),
      signingKey: signer.keys.privateKey,
      signingAlgorithm: { name: signer.keys.privateKey.algorithm.name, hash: 'SHA-256' },
      extensions: [
        ...(wanted.number === undefined
          ? []
          : [new x509.Extension('2.5.29.20', false, der(0x02, Buffer.from([wanted.number])))]),
        ...(wanted.extensions ?? []),
      ],
    },
    crypto,
  );
  return Buffer.from(made.rawData).toString('base64');
}

// By what is global, not by `node:crypto`: these are also read where a browser's types are.
type Keys = Awaited<ReturnType<typeof newKeys>>;
function newKeys(
  algorithm:
    | { readonly name: string; readonly namedCurve: string }
    | {
        readonly name: string;
        readonly hash: string;
        readonly modulusLength: number;
        readonly publicExponent: Uint8Array<ArrayBuffer>;
      },
) {
  return crypto.subtle.generateKey({ ...algorithm }, true, ['sign', 'verify']);
}

async function pemOfKey({ privateKey }: Keys): Promise<string> {
  const base64 = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const content = Buffer.concat(contents);
  const length = content.length;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

const upnOid = Buffer.from('060a2b060104018237140203', 'hex');

function upnName(upn: string | Uint8Array): Buffer {
  return der(0xa0, upnOid, der(0xa0, der(0x0c, bytesOf(upn))));
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
}
