// The transit engine of one mount, as OpenBao 2.7 has it: AES-256-GCM keys with versions, made, used and destroyed by its rules.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Operation } from './transit-policies.ts';
import { TransitRefusal, unknownHere, wrappedRefusal } from './transit-refusal.ts';

export type Fields = Readonly<Record<string, unknown>>;
export type EngineAnswer = { readonly data?: Fields; readonly warnings?: readonly string[] };
export type TransitEngine = {
  /** Encrypting is the creation of a key where there is none: the policy decides about it before the engine does. */
  readonly isMissing: (path: string) => boolean;
  /** `path` is that below the mount. An answer without data is status 204. Throws `TransitRefusal`. */
  readonly answer: (operation: Operation, path: string, given: Fields) => EngineAnswer;
};

type Version = { readonly material: Buffer; readonly madeAtSeconds: number };
type Key = {
  readonly name: string;
  readonly versions: Version[];
  exportable: boolean;
  plaintextBackup: boolean;
  deletionAllowed: boolean;
  softDeleted: boolean;
};
type Call = (key: string, given: Fields) => EngineAnswer;

const keyName = String.raw`(\w(?:[\w.-]*\w)?)`;
const nonceBytes = 12;
const tagBytes = 16;
const otherTypes = /^(aes128-gcm96|x?chacha20-poly1305|ecdsa-p(256|384|521)|ed25519|rsa-(2048|3072|4096)|hmac)$/;

export function createTransitEngine(needs: { readonly nowSeconds: () => number }): TransitEngine {
  const keys = new Map<string, Key>();
  let upsertDisabled = false;

  const make = (name: string, exportable: boolean, plaintextBackup: boolean): Key => {
    const key = { name, versions: [], exportable, plaintextBackup, deletionAllowed: false, softDeleted: false };
    keys.set(name, key);
    rotate(key);
    return key;
  };
  const rotate = (key: Key): void => {
    key.versions.push({ material: randomBytes(32), madeAtSeconds: needs.nowSeconds() });
  };
  const find = (name: string, refusal: string): Key => {
    const key = keys.get(name);
    if (key === undefined) throw new TransitRefusal(400, refusal);
    return key;
  };
  const requireLive = (key: Key): Key => {
    if (key.softDeleted) throw new TransitRefusal(400, 'refusing to use soft-deleted key');
    return key;
  };

  const encrypt: Call = (name, given) => {
    onlyKnows(given, 'plaintext', 'associated_data', 'key_version');
    const plaintext = given['plaintext'];
    if (typeof plaintext !== 'string') throw new TransitRefusal(400, 'missing plaintext to encrypt');
    if (!keys.has(name) && !upsertDisabled) make(name, false, false);
    const key = requireLive(find(name, 'encryption key not found'));
    const wanted = given['key_version'] ?? 0;
    if (typeof wanted !== 'number') throw unknownHere('a key version that is not a number');
    if (wanted < 0) throw new TransitRefusal(400, 'requested version for encryption is negative');
    const version = wanted === 0 ? key.versions.length : wanted;
    const material = key.versions[version - 1]?.material;
    if (material === undefined)
      throw new TransitRefusal(400, 'requested version for encryption is higher than the latest key version');
    const plain = decodeBase64(plaintext, (why) => new TransitRefusal(400, why));
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', material, nonce).setAAD(associatedData(given));
    const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { data: { ciphertext: `vault:v${version}:${sealed.toString('base64')}`, key_version: version } };
  };

  const decrypt: Call = (name, given) => {
    onlyKnows(given, 'ciphertext', 'associated_data');
    const ciphertext = given['ciphertext'];
    if (typeof ciphertext !== 'string' || ciphertext === '')
      throw new TransitRefusal(400, 'missing ciphertext to decrypt');
    const key = requireLive(find(name, 'encryption key not found'));
    const invalid = (why: string): TransitRefusal => new TransitRefusal(400, `invalid ciphertext: ${why}`);
    if (!ciphertext.startsWith('vault:v')) throw invalid('no prefix');
    const [number = '', text] = ciphertext.slice('vault:v'.length).split(/:(.*)/s);
    if (text === undefined) throw invalid('wrong number of fields');
    if (!/^\d+$/.test(number)) throw invalid('version number could not be decoded');
    // What was encrypted before there were versions says 0.
    const material = key.versions[Math.max(Number(number), 1) - 1]?.material;
    if (material === undefined) throw invalid('version is too new');
    const sealed = decodeBase64(text, () => invalid('could not decode base64'));
    if (sealed.length < nonceBytes) throw new TransitRefusal(400, 'invalid ciphertext length');
    const additional = associatedData(given);
    try {
      if (sealed.length < nonceBytes + tagBytes) throw new RangeError('No room for a tag');
      const decipher = createDecipheriv('aes-256-gcm', material, sealed.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(additional).setAuthTag(sealed.subarray(-tagBytes));
      const plain = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
      return { data: { plaintext: plain.toString('base64') } };
    } catch {
      throw new TransitRefusal(400, 'cipher: message authentication failed');
    }
  };

  const create: Call = (name, given) => {
    onlyKnows(given, 'type', 'exportable', 'allow_plaintext_backup', 'auto_rotate_period');
    const type = String(given['type'] ?? 'aes256-gcm96');
    const [exportable, plaintextBackup] = [flag(given, 'exportable'), flag(given, 'allow_plaintext_backup')];
    if (type !== 'aes256-gcm96' && !otherTypes.test(type)) throw new TransitRefusal(400, `unknown key type ${type}`);
    const found = keys.get(name);
    // One that is there stays as it is, whatever is asked for.
    if (found !== undefined) return { data: describe(found) };
    if (type !== 'aes256-gcm96') throw unknownHere(`keys of type ${type}`);
    if (!/^0s?$/.test(String(given['auto_rotate_period'] ?? '0'))) throw unknownHere('keys that rotate by themselves');
    return { data: describe(make(name, exportable ?? false, plaintextBackup ?? false)) };
  };

  const configure: Call = (name, given) => {
    onlyKnows(given, 'deletion_allowed', 'exportable', 'allow_plaintext_backup');
    const [allowed, exportable] = [flag(given, 'deletion_allowed'), flag(given, 'exportable')];
    const plaintextBackup = flag(given, 'allow_plaintext_backup');
    const key = find(name, `no existing key named ${name} could be found`);
    key.deletionAllowed = allowed ?? key.deletionAllowed;
    // Neither is ever taken back.
    key.exportable ||= exportable ?? false;
    key.plaintextBackup ||= plaintextBackup ?? false;
    return { data: describe(key) };
  };

  const remove: Call = (name) => {
    const key = find(name, `error deleting policy ${name}: could not delete key; not found`);
    if (!key.deletionAllowed)
      throw new TransitRefusal(400, `error deleting policy ${name}: deletion is not allowed for this key`);
    keys.delete(name);
    return {};
  };

  const setSoftDeleted =
    (wanted: boolean, already: string): Call =>
    (name) => {
      const key = keys.get(name);
      if (key === undefined) return {};
      const warnings = key.softDeleted === wanted ? { warnings: [already] } : {};
      key.softDeleted = wanted;
      return { data: describe(key), ...warnings };
    };

  const routes: readonly (readonly [RegExp, Partial<Record<Operation, Call>>])[] = [
    [
      /^()keys\/$/,
      {
        list() {
          if (keys.size === 0) throw new NothingThere();
          return { data: { keys: [...keys.keys()].toSorted() } };
        },
      },
    ],
    [/^()keys$/, {}],
    [
      new RegExp(`^keys/${keyName}$`),
      {
        read(name) {
          const key = keys.get(name);
          if (key === undefined) throw new NothingThere();
          return { data: describe(key) };
        },
        update: create,
        delete: remove,
      },
    ],
    [
      new RegExp(`^keys/${keyName}/rotate$`),
      {
        update(name) {
          const key = find(name, 'key not found');
          if (key.softDeleted) throw wrappedRefusal(500, 'refusing to use soft-deleted key');
          rotate(key);
          return { data: describe(key) };
        },
      },
    ],
    [new RegExp(`^keys/${keyName}/config$`), { update: configure }],
    [
      new RegExp(`^keys/${keyName}/soft-delete$`),
      { delete: setSoftDeleted(true, 'key was already marked as soft deleted') },
    ],
    [
      new RegExp(`^keys/${keyName}/soft-delete-restore$`),
      { update: setSoftDeleted(false, 'key was already restored') },
    ],
    [new RegExp(`^encrypt/${keyName}$`), { create: encrypt, update: encrypt }],
    [new RegExp(`^decrypt/${keyName}$`), { update: decrypt }],
    [
      /^()config\/keys$/,
      {
        read: () => ({ data: { disable_upsert: upsertDisabled } }),
        update(_name, given) {
          onlyKnows(given, 'disable_upsert');
          upsertDisabled = flag(given, 'disable_upsert') ?? false;
          return { data: { disable_upsert: upsertDisabled } };
        },
      },
    ],
  ];

  return {
    isMissing: (path) => path.startsWith('encrypt/') && !keys.has(path.slice('encrypt/'.length)),
    answer(operation, path, given) {
      for (const [pattern, calls] of routes) {
        const name = pattern.exec(path)?.[1];
        if (name === undefined) continue;
        const call = calls[operation];
        if (call === undefined) throw wrappedRefusal(405, 'unsupported operation');
        return call(name, given);
      }
      throw wrappedRefusal(404, 'unsupported path');
    },
  };
}

/** What is not there has status 404 and no word of an error. */
export class NothingThere extends Error {}

function describe(key: Key): Fields {
  return {
    allow_plaintext_backup: key.plaintextBackup,
    auto_rotate_period: 0,
    deletion_allowed: key.deletionAllowed,
    derived: false,
    exportable: key.exportable,
    imported_key: false,
    keys: Object.fromEntries(key.versions.map(({ madeAtSeconds }, index) => [String(index + 1), madeAtSeconds])),
    latest_version: key.versions.length,
    min_available_version: 0,
    min_decryption_version: 1,
    min_encryption_version: 0,
    name: key.name,
    soft_deleted: key.softDeleted,
    supports_decryption: true,
    supports_derivation: true,
    supports_encryption: true,
    supports_signing: false,
    type: 'aes256-gcm96',
  };
}

function onlyKnows(given: Fields, ...names: readonly string[]): void {
  const other = Object.keys(given).find((name) => !names.includes(name));
  if (other !== undefined) throw unknownHere(`the field "${other}"`);
}

function flag(given: Fields, name: string): boolean | undefined {
  const value = given[name];
  if (value === undefined || typeof value === 'boolean') return value;
  const why = `'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax`;
  throw new TransitRefusal(400, `Field validation failed: error converting input for field "${name}": ${why}`);
}

function associatedData(given: Fields): Buffer {
  const what = 'unable to get associated_data/additional_data from factory[0]: ';
  return decodeBase64(String(given['associated_data'] ?? ''), (why) => wrappedRefusal(500, `${what}${why}`));
}

/** Strict as the real one: what Node would pass over is refused with its place. */
function decodeBase64(text: string, refusal: (why: string) => TransitRefusal): Buffer {
  const valid = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  if (valid.test(text)) return Buffer.from(text, 'base64');
  const at = text.search(/[^A-Za-z0-9+/=]/);
  throw refusal(`illegal base64 data at input byte ${at === -1 ? text.length - (text.length % 4) : at}`);
}
