import { parseVerifierKey, type VerifierKey } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { CliError } from '../errors.ts';
import { readBoundedFile } from '../regular-file.ts';

const maxKeyBytes = 64 * 1024;

/** A signed-note verifier key, given as such (`name+hash+base64`) or as a file that holds one. */
export async function readVerifierKey(given: string): Promise<{ text: string; key: VerifierKey }> {
  const text = /^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(given) ? given : await readKeyFile(given);
  try {
    return { text, key: parseVerifierKey(text) };
  } catch (error) {
    throw new CliError('usage', `Cannot use "${given}" as a verifier key: ${messageOf(error)}`, {
      cause: error,
      hint: 'it looks like example.com/log+1234abcd+AX…; quote it, or name a file that holds it',
    });
  }
}

/** What a check ends with that nobody gave a key for: it must not pass for a proof in a script. */
export function withoutKey(file: string): CliError {
  return new CliError(
    'not_proven',
    `Cannot prove "${file}": no key was given, and anyone can make one like it with a key of their own`,
    { hint: 'give the key you know with --key; a key that lies beside what is checked proves nothing' },
  );
}

async function readKeyFile(path: string): Promise<string> {
  const text = await readBoundedFile(path, maxKeyBytes).catch((error: unknown) => {
    throw new CliError(
      'usage',
      `Cannot use "${path}" as a verifier key: it neither is one nor names a file that can be read`,
      { cause: error, hint: 'it looks like example.com/log+1234abcd+AX…; quote it, or name a file that holds it' },
    );
  });
  return text.toString().trim();
}
