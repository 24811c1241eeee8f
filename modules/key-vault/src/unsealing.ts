import { argon2, hkdfSync } from 'node:crypto';
import { dirname } from 'node:path';
import { KeyVaultError } from './errors.ts';
import type { VaultFiles } from './needs.ts';

/**
 * What opens sealed master keys: a passphrase somebody knows, a random key file kept outside the data directory, or a
 * credential the service manager hands in (systemd `LoadCredential`), which is never made here.
 */
export type Unsealing =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'credential'; readonly path: string };

/** What stands in the sealed file: a key file that has become a credential opens the same. */
export type SealedBy = 'passphrase' | 'file';

export const sealedBy = (unsealing: Unsealing): SealedBy => (unsealing.kind === 'passphrase' ? 'passphrase' : 'file');

// Four times the memory of OWASP's second argon2id profile (19 MiB, 2 passes): it is taken once, at the start.
const cost = { memory: 76 * 1024, passes: 3, parallelism: 1, tagLength: 32 };

/** 32 bytes that seal one file. Throws `provider_refused` when the key file is missing and may not be made. */
export async function sealingKey(
  needs: { readonly unsealing: Unsealing; readonly files: VaultFiles; readonly random: (bytes: number) => Buffer },
  input: { readonly salt: Buffer; readonly info: string; readonly mayMakeKeyFile: boolean },
): Promise<Buffer> {
  const { unsealing } = needs;
  if (unsealing.kind === 'passphrase') return derive(Buffer.from(unsealing.passphrase), input.salt);
  const secret = needs.files.read(unsealing.path) ?? makeKeyFile(needs, unsealing, input.mayMakeKeyFile);
  return Buffer.from(hkdfSync('sha256', secret, input.salt, input.info, 32));
}

function makeKeyFile(
  needs: { readonly files: VaultFiles; readonly random: (bytes: number) => Buffer },
  { kind, path }: { readonly kind: string; readonly path: string },
  mayMakeKeyFile: boolean,
): Buffer {
  if (!mayMakeKeyFile || kind === 'credential') {
    throw new KeyVaultError(
      'provider_refused',
      `Cannot open the master key: ${nameOf(kind)} "${path}" does not exist`,
      {
        hint: `put back the ${nameOf(kind)} of the first run; without it the sealed data cannot be read`,
      },
    );
  }
  const secret = Buffer.from(`${needs.random(32).toString('base64')}\n`);
  needs.files.makeDirectory(dirname(path));
  needs.files.write(path, secret);
  return secret;
}

export function unsealingFailed(unsealing: Unsealing, cause: unknown): KeyVaultError {
  const isPassphrase = unsealing.kind === 'passphrase';
  return new KeyVaultError(
    'provider_refused',
    `Cannot open the master key: the ${nameOf(unsealing.kind)} does not fit`,
    {
      cause,
      hint: isPassphrase
        ? 'give the passphrase of the first run'
        : `put back the ${nameOf(unsealing.kind)} "${unsealing.path}" of the first run`,
    },
  );
}

const nameOf = (kind: string): string => (kind === 'file' ? 'key file' : kind);

async function derive(message: Buffer, nonce: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce, ...cost }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
