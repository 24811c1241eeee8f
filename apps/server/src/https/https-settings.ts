import { isIP } from 'node:net';
import { isJsonObject, type JsonObject } from '@sallyport/contracts';
import {
  parseDirectoryUrl,
  parseServerName,
  readCertificates,
  type ChallengeKind,
} from '@sallyport/certificate-authority';
import { HttpsError } from './https-errors.ts';

/** Where the certificate comes from. Keys are not here: they rest in the vault. */
export type CertificateChoice =
  | { readonly kind: 'authority' }
  | { readonly kind: 'own' }
  | {
      readonly kind: 'acme';
      readonly directoryUrl: string;
      readonly challenge: ChallengeKind;
      /** Of `http-01`. */
      readonly challengePort: number;
      readonly email: string | undefined;
      readonly directoryCaPem: string | undefined;
      readonly hasExternalAccount: boolean;
    };

export type AcmeChoice = Extract<CertificateChoice, { kind: 'acme' }>;

/** The listener for others. */
export type HttpsSettings = {
  /** Host names and addresses, the first is the one links are made with. */
  readonly names: readonly string[];
  readonly host: string;
  readonly port: number;
  /** The port others use, where something forwards it to `port`. */
  readonly publicPort: number | undefined;
  readonly certificate: CertificateChoice;
};

const maxNames = 20;

/** Names as they stand in certificates, each once. Throws `https_names_invalid`, `server_name_invalid`. */
export function parseNames(texts: readonly string[]): string[] {
  const names = [...new Set(texts.map((text) => parseServerName(text.trim()).value))];
  if (names.length > 0 && names.length <= maxNames) return names;
  throw new HttpsError('https_names_invalid', `Cannot use ${names.length} names: must be 1 to ${maxNames}`, {
    hint: 'the name or address that others type into their browser',
  });
}

/** Throws `https_host_invalid`. */
export function parseHost(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new HttpsError('https_host_invalid', `Cannot listen on ${JSON.stringify(text)}: must be an IP address`, {
    hint: '0.0.0.0 stands for every IPv4 address of this machine, :: for every address',
  });
}

/** Throws `CertificateError` when an address or certificate cannot be read. */
export function parseAcmeChoice(choice: AcmeChoice): AcmeChoice {
  if (choice.directoryCaPem !== undefined) readCertificates(choice.directoryCaPem);
  return { ...choice, directoryUrl: parseDirectoryUrl(choice.directoryUrl) };
}

export function originOf({ names: [name = 'localhost'], port, publicPort }: HttpsSettings): string {
  return new URL(`https://${name.includes(':') ? `[${name}]` : name}:${publicPort ?? port}`).origin;
}

export function toDocument(settings: HttpsSettings): string {
  return JSON.stringify(settings);
}

/** What `toDocument` wrote; undefined for anything else. */
export function fromDocument(text: string): HttpsSettings | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(read)) return undefined;
  const { names, host, port, publicPort, certificate } = read;
  const choice = isJsonObject(certificate) ? choiceFrom(certificate) : undefined;
  const isWhole = Array.isArray(names) && typeof host === 'string' && typeof port === 'number' && choice !== undefined;
  if (!isWhole) return undefined;
  return {
    names: names.filter((name) => typeof name === 'string'),
    host,
    port,
    publicPort: typeof publicPort === 'number' ? publicPort : undefined,
    certificate: choice,
  };
}

function choiceFrom(read: JsonObject): CertificateChoice | undefined {
  const { kind, directoryUrl, challenge, challengePort, email, directoryCaPem } = read;
  if (kind === 'authority' || kind === 'own') return { kind };
  const isAcme = kind === 'acme' && typeof directoryUrl === 'string' && typeof challengePort === 'number';
  if (!isAcme || (challenge !== 'http-01' && challenge !== 'tls-alpn-01')) return undefined;
  return {
    kind,
    directoryUrl,
    challenge,
    challengePort,
    email: typeof email === 'string' ? email : undefined,
    directoryCaPem: typeof directoryCaPem === 'string' ? directoryCaPem : undefined,
    hasExternalAccount: read['hasExternalAccount'] === true,
  };
}
