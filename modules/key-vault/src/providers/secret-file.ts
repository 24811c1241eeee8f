import { readFileSync, statSync } from 'node:fs';
import { messageOf } from '@sallyport/platform/errors';
import { createSecret } from '@sallyport/platform/secret';
import type { Secret } from '@sallyport/platform/secret';
import { refused, unavailable } from './provider-failure.ts';

const maxSecretBytes = 16 * 1024;

/**
 * A PIN, token or password from a file: one systemd placed (`LoadCredential=`) or one only its owner reads. Read for each
 * connection, so that replacing the file is enough. Throws `provider_refused` when others may read it.
 */
export function readSecretFile(path: string): Secret {
  let text: string;
  try {
    const found = statSync(path);
    if ((found.mode & 0o007) !== 0) {
      throw refused(`Cannot use "${path}": everybody on this machine may read it`, `chmod 600 ${path}`);
    }
    if (found.size > maxSecretBytes) throw refused(`Cannot use "${path}": it is ${found.size} bytes, must be a secret`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && error.name === 'KeyVaultError') throw error;
    throw unavailable(`Cannot read "${path}"`, messageOf(error));
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw refused(`Cannot use "${path}": it is empty, must hold a secret`);
  return createSecret(secret);
}
