import { IdentityError } from '../errors.ts';
import type { PasswordStrength } from './password-strength.ts';

const leastLength = 12;
const mostLength = 256;

/** NIST SP 800-63B section 3.1.1: length and guessability count, mixtures of characters do not. Throws `password_weak`. */
export async function checkPassword(
  password: string,
  related: readonly string[],
  strength: PasswordStrength,
): Promise<void> {
  const length = Array.from(password.normalize('NFKC')).length;
  if (length < leastLength || length > mostLength)
    throw weak(`must be ${leastLength} to ${mostLength} characters long, a few words are good`);
  const known = related.find((word) => word.length > 3 && password.toLowerCase().includes(word.toLowerCase()));
  if (known !== undefined) throw weak('must not hold your name or that of the organisation');
  const wrong = await strength(password, related);
  if (wrong !== undefined) throw weak(wrong);
}

function weak(why: string): IdentityError {
  return new IdentityError('password_weak', `Cannot use this password: ${why}`, { details: { reason: why } });
}
