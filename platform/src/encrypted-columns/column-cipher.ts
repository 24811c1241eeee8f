import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { ColumnDeclaration } from './column-declaration.ts';
import type { ColumnKeys } from './column-keys.ts';
import { EncryptedColumnError } from './encrypted-column-error.ts';

/** Where a value stands. */
export type Cell = { readonly table: string; readonly column: string; readonly row: string };

const prefix = 'sealed1.';
const saltBytes = 16;
const tagBytes = 16;
const nonce = Buffer.alloc(12);
/** HKDF-Expand (RFC 5869 section 2.3) counts its blocks; a key is one. */
const lastBlock = Buffer.from([1]);
const randomBytes = 16;

/**
 * Text as it stands in the database: `sealed1.<key version>.<base64url of salt, ciphertext, tag>`; AES-256-GCM.
 *
 * Every value has a key of its own, `HKDF-Expand(column key, salt ‖ cell)`, used once with nonce zero. The salt is an HMAC over
 * random bytes, the cell and the text: a random source that repeats itself, as after a snapshot of the machine was put
 * back, repeats a key only for the same text in the same cell, which gives the same bytes and tells only that.
 * Tenant, table, row, column and key version are authenticated: elsewhere the value does not open.
 */
export type ColumnCipher = {
  seal(cell: Cell, text: string): string;
  /** Throws `value_not_sealed`, `key_version_unknown` or `value_not_authentic`. */
  open(cell: Cell, sealed: string): string;
  /** One for each version of the keys, newest first. */
  indexes(table: string, column: string, text: string): readonly string[];
  newestIndex(table: string, column: string, text: string): string;
};

export function createColumnCipher(needs: {
  readonly keys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
  readonly declarationOf: (table: string, column: string) => ColumnDeclaration;
}): ColumnCipher {
  const { keys, random, declarationOf } = needs;

  /** Told apart whatever the parts hold: JSON writes each of them in its quotes. */
  const contextOf = ({ table, row, column }: Cell, version: number): Buffer =>
    Buffer.from(JSON.stringify(['sallyport cell 1', keys.tenant, table, row, column, version]));

  const valueKey = (cell: Cell, version: number, salt: Uint8Array, context: Uint8Array): KeyObject =>
    createSecretKey(
      createHmac('sha256', keys.keyFor(version, 'value', cell.table, cell.column))
        .update(salt)
        .update(context)
        .update(lastBlock)
        .digest(),
    );

  const indexOf = (version: number, table: string, column: string, text: string): string => {
    const { index } = declarationOf(table, column);
    if (index === undefined)
      throw new TypeError(`Cannot index ${table}.${column}: must be declared with a blind index`);
    return createHmac('sha256', keys.keyFor(version, 'index', table, column))
      .update(index.normalise(text))
      .digest('hex')
      .slice(0, index.bytes * 2);
  };

  return {
    seal(cell, text) {
      const version = keys.newest();
      const context = contextOf(cell, version);
      const plain = pad(text, declarationOf(cell.table, cell.column).padBytes);
      const salt = createHmac('sha256', keys.keyFor(version, 'salt', cell.table, cell.column))
        .update(Buffer.concat([random(randomBytes), context, plain]))
        .digest()
        .subarray(0, saltBytes);
      const cipher = createCipheriv('aes-256-gcm', valueKey(cell, version, salt, context), nonce);
      cipher.setAAD(context);
      const sealed = Buffer.concat([salt, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return `${prefix}${version}.${sealed.toString('base64url')}`;
    },

    open(cell, sealed) {
      const version = versionOf(sealed);
      if (version === undefined) {
        throw new EncryptedColumnError(
          'value_not_sealed',
          `Cannot read ${cell.table}.${cell.column} of row "${cell.row}": it is not sealed, must be written through the encryption`,
          { details: { ...cell } },
        );
      }
      const context = contextOf(cell, version);
      try {
        const bytes = decodeExactly(sealed.slice(sealed.indexOf('.', prefix.length) + 1));
        const salt = bytes.subarray(0, saltBytes);
        const key = valueKey(cell, version, salt, context);
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
        decipher.setAAD(context);
        decipher.setAuthTag(bytes.subarray(-tagBytes));
        const padded = decipher.update(bytes.subarray(saltBytes, -tagBytes));
        // Of a stream cipher nothing is left to come; here it says whether the tag is right.
        decipher.final();
        return unpad(padded);
      } catch (error) {
        if (error instanceof EncryptedColumnError) throw error;
        throw new EncryptedColumnError(
          'value_not_authentic',
          `Cannot read ${cell.table}.${cell.column} of row "${cell.row}": it was changed, or belongs to another row, column, table or tenant`,
          { cause: error, details: { ...cell } },
        );
      }
    },

    indexes: (table, column, text) => keys.versions().map((version) => indexOf(version, table, column, text)),
    newestIndex: (table, column, text) => indexOf(keys.newest(), table, column, text),
  };
}

/** The version of the key a value is sealed with, or undefined when it is not sealed. */
export function versionOf(stored: string): number | undefined {
  const match = /^sealed1\.([1-9]\d{0,9})\./.exec(stored);
  return match === null ? undefined : Number(match[1]);
}

/** What every value sealed with this version begins with. */
export function sealedPrefix(version: number): string {
  return `${prefix}${version}.`;
}

/** Base64url in its one form: other spellings of the same bytes are refused, and so is what is too short to be a value. */
function decodeExactly(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length > saltBytes + tagBytes && bytes.toString('base64url') === text) return bytes;
  throw new TypeError('Cannot decode a sealed value: must be base64url of salt, ciphertext and tag');
}

/** The text, one byte 0x80, then zeros up to the next multiple (ISO/IEC 7816-4). */
function pad(text: string, multiple: number): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const padded = Buffer.alloc(Math.ceil((bytes.length + 1) / multiple) * multiple);
  bytes.copy(padded);
  padded[bytes.length] = 0x80;
  return padded;
}

function unpad(padded: Buffer): string {
  return padded.subarray(0, padded.lastIndexOf(0x80)).toString('utf8');
}
