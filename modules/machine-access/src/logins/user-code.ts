/** Consonants alone: easy to read out, and nobody is asked to type a word (RFC 8628 section 6.1). 20 of them, 8 places: 34.5 bits. */
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ';
const length = 8;

/** `WDJB-MJHT` */
export function newUserCode(random: (length: number) => Uint8Array): string {
  let letters = '';
  while (letters.length < length) {
    for (const byte of random(32)) {
      // 240 is the greatest multiple of 20 in a byte: no letter is likelier than another.
      if (byte < 240 && letters.length < length) letters += alphabet[byte % alphabet.length] ?? '';
    }
  }
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** As people type it: in any case, with or without the line. Undefined when it cannot be one. */
export function readUserCode(text: string): string | undefined {
  const letters = text.slice(0, 64).toUpperCase().replaceAll(/[\s-]/g, '');
  const isOne = letters.length === length && Array.from(letters).every((letter) => alphabet.includes(letter));
  return isOne ? `${letters.slice(0, 4)}-${letters.slice(4)}` : undefined;
}
