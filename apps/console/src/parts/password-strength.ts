export type PasswordStrength = { readonly score: 0 | 1 | 2 | 3 | 4; readonly word: string; readonly advice: string };

/** The least the server takes. */
export const leastPasswordLength = 12;

const words = ['Too short', 'Weak', 'Fair', 'Good', 'Strong'] as const;
const runs = ['abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', '01234567890'];
const overused = ['password', 'passwort', 'letmein', 'welcome', 'admin', 'sallyport', 'dragon', 'iloveyou', 'monkey'];

/**
 * A first word on a password while it is typed. The server has the last one: it knows the common passwords.
 * Length counts most; what a guesser tries first counts little.
 */
export function judgePassword(password: string, avoid: readonly string[] = []): PasswordStrength {
  const length = unpredictableLength(password.toLowerCase(), avoid);
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((kind) => kind.test(password)).length;
  const bits = length * (2.6 + kinds * 0.5);
  const score = lengthOf(password) < leastPasswordLength ? 0 : bits < 36 ? 1 : bits < 48 ? 2 : bits < 64 ? 3 : 4;
  return { score, word: words[score], advice: adviceFor(score, password) };
}

/** Characters that a guesser does not get for nothing: runs, repeats and known words count as one. */
function unpredictableLength(password: string, avoid: readonly string[]): number {
  let rest = password;
  for (const word of [...overused, ...avoid.map((name) => name.toLowerCase()).filter((name) => name.length > 2)])
    rest = rest.replaceAll(word, '\u0000');
  let length = 0;
  let before = '';
  for (const character of rest) {
    const isNext = runs.some(
      (run) => before !== '' && (run.includes(before + character) || run.includes(character + before)),
    );
    length += character === before || isNext ? 0.3 : 1;
    before = character;
  }
  return length;
}

/** As the server counts. */
export function lengthOf(password: string): number {
  return Array.from(password.normalize('NFKC')).length;
}

function adviceFor(score: number, password: string): string {
  if (password === '') return 'Four or five unrelated words are easy to keep and hard to guess.';
  const missing = leastPasswordLength - lengthOf(password);
  if (missing > 0)
    return `${missing} more ${missing === 1 ? 'character' : 'characters'}: it needs ${leastPasswordLength} at least.`;
  if (score < 3) return 'Add another word that has nothing to do with the others.';
  return score === 3 ? 'One more word would make it strong.' : 'Keep it in a password manager.';
}
