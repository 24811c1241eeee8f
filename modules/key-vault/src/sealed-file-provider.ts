import { argon2Sync, hkdfSync } from 'node:crypto';
import { dirname, join } from 'node:path';
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { KeyVaultError } from './errors.ts';
import type { MasterKeyProvider } from './needs.ts';
import { unwrapBytes, wrapBytes } from './wrapping.ts';

/** What opens the sealed master key: a passphrase somebody knows, or a random key file kept outside the data directory. */
export type Unsealing =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'file'; readonly path: string };

type SealedFile = { readonly kind: Unsealing['kind']; readonly salt: Buffer; readonly wrapped: Buffer };

// OWASP's second argon2id profile: 19 MiB, 2 passes; taken once at start, so four times the memory is affordable.
const argon2 = { memory: 76 * 1024, passes: 3, parallelism: 1, tagLength: 32 };
const format = 'sallyport-sealed-master-key@v1';
const fileName = 'master-key.sealed';

/**
 * Keeps the master key in a file, wrapped under a passphrase (argon2id) or a random key file. Made on the first run,
 * in both directories. Whoever holds the data directory but neither passphrase nor key file learns nothing;
 * root on the running host can read the key from memory, which no sealed file prevents.
 */
export function openSealedFileProvider(needs: {
  readonly directories: readonly [string, string];
  readonly unsealing: Unsealing;
  readonly random: (bytes: number) => Buffer;
}): MasterKeyProvider {
  const { unsealing, random } = needs;
  for (const directory of needs.directories) makePrivateDirectory(directory);
  const paths = needs.directories.map((directory) => join(directory, fileName));
  const present = paths.map((path) => readFileIfPresent(path));
  const copies = present.filter((bytes) => bytes !== undefined).map(parseSealedFile);
  const opened = unsealAny(
    copies.filter((file) => file !== undefined),
    unsealing,
  );
  const master = opened?.master ?? random(32);
  if (opened === undefined) {
    if (present.some((bytes) => bytes !== undefined)) {
      throw new KeyVaultError('vault_damaged', 'Cannot read the sealed master key: no copy is intact', {
        hint: `restore ${fileName} from a backup`,
      });
    }
    const salt = random(16);
    const wrapped = wrapBytes({ key: sealingKey(unsealing, salt, random), plain: master, context: format, random });
    const text = formatSealedFile({ kind: unsealing.kind, salt, wrapped });
    for (const path of paths) writeFileDurably(path, text);
  } else {
    const intact = formatSealedFile(opened.sealed);
    for (const [at, path] of paths.entries()) {
      if (present[at]?.equals(intact) !== true) writeFileDurably(path, intact);
    }
  }
  return {
    name: `sealed file (${unsealing.kind})`,
    wrap: (plain, context) => wrapBytes({ key: master, plain, context, random }),
    unwrap: (wrapped, context) => unwrapBytes({ key: master, wrapped, context }),
  };
}

/** The first copy that opens: a damaged one may still look well-formed. Throws what the last one failed with. */
function unsealAny(
  copies: readonly SealedFile[],
  unsealing: Unsealing,
): { sealed: SealedFile; master: Buffer } | undefined {
  for (const [at, sealed] of copies.entries()) {
    try {
      return { sealed, master: unseal(sealed, unsealing) };
    } catch (error) {
      if (at === copies.length - 1) throw error;
    }
  }
  return undefined;
}

function unseal(sealed: SealedFile, unsealing: Unsealing): Buffer {
  if (sealed.kind !== unsealing.kind) {
    throw new KeyVaultError(
      'unseal_failed',
      `Cannot open the master key: it is sealed with a ${sealed.kind}, not a ${unsealing.kind}`,
      {
        hint: sealed.kind === 'passphrase' ? 'set SALLYPORT_PASSPHRASE_FILE' : 'unset SALLYPORT_PASSPHRASE_FILE',
      },
    );
  }
  try {
    return unwrapBytes({ key: sealingKey(unsealing, sealed.salt), wrapped: sealed.wrapped, context: format });
  } catch (cause) {
    throw new KeyVaultError('unseal_failed', `Cannot open the master key: the ${unsealing.kind} does not fit`, {
      cause,
      hint:
        unsealing.kind === 'file'
          ? `put back the key file "${unsealing.path}" made on the first run`
          : 'give the passphrase of the first run',
    });
  }
}

function sealingKey(unsealing: Unsealing, salt: Buffer, createWith?: (bytes: number) => Buffer): Buffer {
  if (unsealing.kind === 'passphrase') {
    return argon2Sync('argon2id', { message: Buffer.from(unsealing.passphrase), nonce: salt, ...argon2 });
  }
  const secret = readFileIfPresent(unsealing.path) ?? createKeyFile(unsealing.path, createWith);
  return Buffer.from(hkdfSync('sha256', secret, salt, format, 32));
}

function createKeyFile(path: string, random: ((bytes: number) => Buffer) | undefined): Buffer {
  if (random === undefined) {
    throw new KeyVaultError('unseal_failed', `Cannot open the master key: key file "${path}" does not exist`, {
      hint: 'put back the key file made on the first run; without it the sealed data cannot be read',
    });
  }
  const secret = Buffer.from(`${random(32).toString('base64')}\n`);
  makePrivateDirectory(dirname(path));
  writeFileDurably(path, secret);
  return secret;
}

function formatSealedFile(file: SealedFile): Buffer {
  return Buffer.from(`${format}\n${file.kind}\n${file.salt.toString('base64')}\n${file.wrapped.toString('base64')}\n`);
}

function parseSealedFile(bytes: Buffer): SealedFile | undefined {
  const [head, kind, salt, wrapped, ...rest] = bytes.toString('utf8').split('\n');
  if (head !== format || (kind !== 'passphrase' && kind !== 'file') || rest.length !== 1) return undefined;
  if (salt === undefined || wrapped === undefined) return undefined;
  return { kind, salt: Buffer.from(salt, 'base64'), wrapped: Buffer.from(wrapped, 'base64') };
}
