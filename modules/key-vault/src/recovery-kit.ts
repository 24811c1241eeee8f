import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync } from 'node:crypto';
import { parseJson } from '@sallyport/contracts';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';
import { KeyVaultError } from './errors.ts';
import { parseVaultFile } from './vault-format.ts';
import { providerKinds } from './key-provider.ts';

/*
 * What has to be kept apart from a machine so that its loss is not the loss of the ledger: with an archive and this, an empty
 * machine becomes the server again. One file, sealed under a code that is shown once and stands in no file. Whoever has both has
 * what the machine has: the kit belongs in one safe, the code in another.
 */

const Bytes = Type.String({ description: 'base64' });
const KitShape = Type.Object({
  madeAtMs: Type.Number(),
  /** Of the vault it was made from; a later one from the archive is taken when its epoch is the same. */
  vault: Type.String(),
  generation: Type.Integer(),
  epoch: Type.Integer(),
  vaultFile: Bytes,
  /** Keys of every log, by which the archive is believed. */
  verifierKeys: Type.Array(Type.String(), { minItems: 1 }),
  /** The newest checkpoint of this log, signed: an archive with less has lost something. */
  checkpoint: Type.String(),
  log: Type.Integer(),
  /** Sealed master keys, by the names of their files. */
  sealed: Type.Array(
    Type.Object({ name: Type.String({ pattern: '^sallyport-[0-9a-f-]{1,100}\\.sealed$' }), bytes: Bytes }),
  ),
  unsealing: Type.Union([
    Type.Object({ kind: Type.Enum(['file', 'credential']), secret: Bytes }),
    /** Never in the kit: somebody knows it. */
    Type.Object({ kind: Type.Literal('passphrase'), hint: Type.String() }),
  ]),
  /** The file of places, when there is one; it holds no secret. */
  keyProviderFile: Type.Optional(Type.String()),
  providers: Type.Array(Type.Object({ kind: Type.Enum(providerKinds), isUsed: Type.Boolean() })),
  /** Where the archive is, for people. */
  archive: Type.Optional(Type.String()),
});
export type RecoveryKit = Static<typeof KitShape>;

const format = 'sallyport-recovery-kit@v1';
const codeBytes = 20;
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const checkCharacters = 4;
const groupCharacters = 4;
const saltBytes = 32;
const tagBytes = 16;
const maxKitCharacters = 128 * 1024 * 1024;

/** A fresh code of 160 bits in nine groups; the last tells a mistyped one apart from a wrong one. */
export function makeRecoveryCode(random: (bytes: number) => Buffer): string {
  const secret = random(codeBytes);
  const text = `${base32(secret)}${checkOf(secret)}`;
  return text.match(new RegExp(`.{${groupCharacters}}`, 'gu'))?.join('-') ?? text;
}

/** Lower case, spaces and the letters people write for digits are understood. Throws `kit_refused`. */
function readCode(text: string): Buffer {
  const plain = text.toUpperCase().replaceAll(/[\s-]/gu, '').replaceAll('O', '0').replaceAll(/[IL]/gu, '1');
  const bits = Array.from({ length: plain.length }, (_, at) => alphabet.indexOf(plain.charAt(at)));
  const length = (codeBytes * 8) / 5 + checkCharacters;
  if (bits.length !== length || bits.includes(-1))
    throw refused(`the code has ${plain.length} letters and digits, must have ${length}`);
  const secret = Buffer.alloc(codeBytes);
  for (const [at, value] of bits.slice(0, -checkCharacters).entries())
    for (let bit = 0; bit < 5; bit += 1) {
      const place = at * 5 + bit;
      const isSet = ((value >> (4 - bit)) & 1) === 1;
      if (isSet) secret[place >> 3] = (secret[place >> 3] ?? 0) | (0x80 >> (place & 7));
    }
  if (checkOf(secret) !== plain.slice(-checkCharacters)) throw refused('the code is mistyped');
  return secret;
}

/** The kit as a file. The clear lines say what it is of, and are authenticated with it. */
export function sealRecoveryKit(kit: RecoveryKit, code: string, random: (bytes: number) => Buffer): string {
  const plain = Buffer.from(JSON.stringify(kit));
  // Bound to what is sealed: a random source that repeats gives no key twice for two things.
  const salt = createHmac('sha256', random(saltBytes)).update(plain).digest();
  const head = headOf(kit);
  const cipher = createCipheriv('aes-256-gcm', keyOf(code, salt), Buffer.alloc(12));
  cipher.setAAD(Buffer.from(head));
  const sealed = Buffer.concat([salt, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return `${head}\n${sealed.toString('base64').replaceAll(/.{76}/gu, '$&\n')}\n`;
}

/** Throws `kit_refused`: another code, another file, or a damaged one. */
export function openRecoveryKit(text: string, code: string): RecoveryKit {
  const end = text.indexOf('\n\n');
  if (text.length > maxKitCharacters || end === -1 || !text.startsWith(`${format}\n`))
    throw refused('the file is no recovery kit of this version');
  const head = text.slice(0, end + 1);
  const sealed = Buffer.from(text.slice(end), 'base64');
  if (sealed.length <= saltBytes + tagBytes) throw refused('the file is cut off');
  const salt = sealed.subarray(0, saltBytes);
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(code, salt), Buffer.alloc(12));
    decipher.setAAD(Buffer.from(head));
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    const plain = Buffer.concat([decipher.update(sealed.subarray(saltBytes, -tagBytes)), decipher.final()]);
    const kit: unknown = parseJson(plain.toString('utf8'));
    if (Check(KitShape, kit)) return kit;
  } catch (error) {
    if (error instanceof KeyVaultError) throw error;
    throw refused('the code is of another kit, or the file is damaged');
  }
  throw refused('what is in it is of no known form');
}

function headOf({ madeAtMs, vault, generation }: RecoveryKit): string {
  return [format, `made ${new Date(madeAtMs).toISOString()}`, `vault ${vault} generation ${generation}`, ''].join('\n');
}

function keyOf(code: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', readCode(code), salt, format, 32));
}

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/gu) ?? []).map((five) => alphabet[Number.parseInt(five, 2)] ?? '').join('');
}

const checkOf = (secret: Buffer): string =>
  base32(
    Buffer.from(hash('sha256', Buffer.concat([Buffer.from(`${format} code`), secret]), 'buffer').subarray(0, 5)),
  ).slice(0, checkCharacters);

/** What else it takes to open the vault on another machine, each a sentence; empty when the kit alone does. */
export function kitLacks({ providers, unsealing }: Pick<RecoveryKit, 'providers' | 'unsealing'>): {
  readonly opens: boolean;
  readonly needs: readonly string[];
} {
  const used = providers.filter(({ isUsed }) => isUsed).map(({ kind }) => kind);
  if (used.includes('sealed-file')) {
    return unsealing.kind === 'passphrase'
      ? { opens: true, needs: ['the passphrase, which is not in the kit'] }
      : { opens: true, needs: [] };
  }
  const needs = used.map((kind) => elsewhere[kind]);
  return { opens: used.some((kind) => kind !== 'tpm'), needs };
}

const elsewhere: Readonly<Record<(typeof providerKinds)[number], string>> = {
  'sealed-file': '',
  tpm: 'the TPM of this very machine: with the machine gone nothing opens, unless another provider wraps the epoch too',
  pkcs11: 'the security module itself, or a clone of its token, with its PIN',
  transit: 'the OpenBao or Vault server, and a token for it',
  'aws-kms': 'the AWS account, and a role that may use its key',
};

/** Whether a vault's file is of the kit's vault and hangs on an epoch whose master key is in it or with its provider. */
export function fitsKit(bytes: Uint8Array, kit: RecoveryKit): boolean {
  const header = parseVaultFile(bytes)?.header;
  const active = header?.epochs.find(({ stage }) => stage === 'active');
  if (header?.vault !== kit.vault || active === undefined) return false;
  const names = new Set(kit.sealed.map(({ name }) => name.replace(/\.sealed$/, '')));
  return active.wraps.some(({ provider, name }) => provider !== 'sealed-file' || names.has(name));
}

export { KeyVaultError };

/** Where the server looks for the unseal key of a data directory, unless told otherwise. */
export function unsealFileName(dataDirectory: string): string {
  return `${dataDirectory.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(-120)}.unseal`;
}

function refused(why: string): KeyVaultError {
  return new KeyVaultError('kit_refused', `Cannot open the recovery kit: ${why}`, {
    hint: 'the code was shown once when this kit was made; a newer kit has another',
  });
}
