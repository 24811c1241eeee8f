import { codeOf } from '@sallyport/platform/errors';
import type { MasterKeyName } from '../../key-provider.ts';
import { refused } from '../provider-failure.ts';
import { CKK_AES, CKO_SECRET_KEY } from './cryptoki-names.ts';
import type { AttributeName } from './cryptoki-names.ts';
import type { Template } from './cryptoki.ts';
import type { TokenConnection } from './token-connection.ts';

/** CKA_ID is drawn by the token for each key: it tells two keys of one name apart. */
export const idBytes = 16;

/** Stays on the token, is never told or copied by it, and does nothing but encrypt and decrypt. */
const masterTemplate: Template = {
  CKA_CLASS: CKO_SECRET_KEY,
  CKA_KEY_TYPE: CKK_AES,
  CKA_VALUE_LEN: 32,
  CKA_TOKEN: true,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: true,
  CKA_EXTRACTABLE: false,
  CKA_MODIFIABLE: false,
  CKA_ENCRYPT: true,
  CKA_DECRYPT: true,
  CKA_WRAP: false,
  CKA_UNWRAP: false,
  CKA_SIGN: false,
  CKA_VERIFY: false,
  CKA_DERIVE: false,
};

/** What must read back so; a token that does not know an attribute fails, but for the one it may lack. */
const required: readonly (readonly [AttributeName, boolean])[] = [
  ['CKA_TOKEN', true],
  ['CKA_PRIVATE', true],
  ['CKA_SENSITIVE', true],
  ['CKA_ALWAYS_SENSITIVE', true],
  ['CKA_EXTRACTABLE', false],
  ['CKA_NEVER_EXTRACTABLE', true],
  ['CKA_LOCAL', true],
  ['CKA_ENCRYPT', true],
  ['CKA_DECRYPT', true],
  ['CKA_WRAP', false],
  ['CKA_UNWRAP', false],
];

/** Objects are named by CKA_LABEL, which is not unique: the caller looks how many there are. */
export function findByName({ cryptoki }: TokenConnection, session: bigint, name: MasterKeyName): readonly bigint[] {
  return cryptoki.findObjects(session, { CKA_CLASS: CKO_SECRET_KEY, CKA_LABEL: Buffer.from(name) });
}

/** Every secret key of the token with its label. */
export function listLabels({ cryptoki, session }: TokenConnection): readonly { label: string; key: bigint }[] {
  return cryptoki
    .findObjects(session, { CKA_CLASS: CKO_SECRET_KEY })
    .map((key) => ({ key, label: cryptoki.readAttribute(session, key, 'CKA_LABEL')?.toString('utf8') ?? '' }));
}

/** Forbids copies too, where the token can: version 2.20 of the specification did not know how. */
export function generateMaster({ cryptoki, session }: TokenConnection, name: MasterKeyName): void {
  const template = { ...masterTemplate, CKA_LABEL: Buffer.from(name), CKA_ID: cryptoki.random(session, idBytes) };
  try {
    cryptoki.generateAesKey(session, { ...template, CKA_COPYABLE: false });
  } catch (error) {
    if (codeOf(error) !== 'CKR_ATTRIBUTE_TYPE_INVALID' && codeOf(error) !== 'CKR_TEMPLATE_INCONSISTENT') throw error;
    cryptoki.generateAesKey(session, template);
  }
}

/** Why a key is not to be trusted with anything, or undefined. */
export function faultOf({ cryptoki }: TokenConnection, session: bigint, key: bigint): string | undefined {
  for (const [name, wanted] of required) {
    const value = cryptoki.readAttribute(session, key, name);
    if (value === undefined || (value[0] === 1) !== wanted) return `${name} is not ${wanted ? 'true' : 'false'}`;
  }
  if (cryptoki.readAttribute(session, key, 'CKA_COPYABLE')?.[0] === 1) return 'CKA_COPYABLE is not false';
  const bytes = cryptoki.readAttribute(session, key, 'CKA_VALUE_LEN');
  if (bytes?.[0] !== 32) return 'CKA_VALUE_LEN is not 32';
  if (cryptoki.readAttribute(session, key, 'CKA_KEY_TYPE')?.[0] !== CKK_AES) return 'CKA_KEY_TYPE is not CKK_AES';
  return cryptoki.readAttribute(session, key, 'CKA_VALUE') === undefined ? undefined : 'the token tells CKA_VALUE';
}

/**
 * Some modules take no nonce, or no additional data, and do not say so: what comes back is opened again, and must not open
 * with another context or a changed tag. Throws `provider_refused`.
 */
export function selfTest({ cryptoki }: TokenConnection, session: bigint, key: bigint): void {
  const plain = cryptoki.random(session, 32);
  const additional = Buffer.from('sallyport self-test');
  const { nonce, sealed } = cryptoki.encryptGcm(
    session,
    key,
    { nonce: cryptoki.random(session, 12), additional },
    plain,
  );
  const opens = (given: { nonce: Buffer; additional: Buffer }, bytes: Buffer): boolean => {
    try {
      return cryptoki.decryptGcm(session, key, given, bytes).equals(plain);
    } catch {
      return false;
    }
  };
  const changed = Buffer.from(sealed);
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
  const works =
    sealed.length === plain.length + 16 &&
    opens({ nonce, additional }, sealed) &&
    !opens({ nonce, additional: Buffer.from('another context') }, sealed) &&
    !opens({ nonce, additional }, changed);
  if (!works) throw refused('Cannot use this token: its AES-GCM does not open, or opens what it must not');
}
