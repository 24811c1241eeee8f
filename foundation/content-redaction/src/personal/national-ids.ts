import { iso7064, luhn, modulo97, verhoeff, weighted } from './check-digits.ts';

/** A number that a state gives a person. */
export type NationalId = {
  readonly kind: string;
  readonly name: string;
  /** The whole, without blanks and hyphens, in capitals. */
  readonly shape: RegExp;
  readonly isRight: (id: string) => boolean;
  /** Words beside it that say what it is. Where many other numbers fit, it is only believed with one. */
  readonly words: RegExp;
  readonly needsWords?: boolean;
};

const spanish = 'TRWAGMYFPDXBNJZSQVHLCKE';

export const nationalIds: readonly NationalId[] = [
  {
    kind: 'aadhaar',
    name: 'an Aadhaar number',
    shape: /^[2-9]\d{11}$/,
    isRight: verhoeff,
    words: /aadhaa?r|uidai|\buid\b|आधार/iu,
    needsWords: true,
  },
  {
    kind: 'pan-india',
    name: 'an Indian tax number (PAN)',
    // The fourth letter says whose it is; there is no published check.
    shape: /^[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]$/,
    isRight: () => true,
    words: /\bpan\b|income.?tax|permanent account/i,
    needsWords: true,
  },
  {
    kind: 'us-ssn',
    name: 'a US social security number',
    shape: /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/,
    isRight: (id) => id !== '123456789' && id !== '078051120',
    words: /\bssn\b|social.?security/i,
    needsWords: true,
  },
  {
    kind: 'uk-nhs',
    name: 'an NHS number',
    shape: /^[1-9]\d{9}$/,
    isRight: (id) => (11 - (weighted(id, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(id[9]),
    words: /\bnhs\b/i,
    needsWords: true,
  },
  {
    kind: 'uk-nino',
    name: 'a UK national insurance number',
    shape: /^(?!BG|GB|KN|NK|NT|TN|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]$/,
    isRight: () => true,
    words: /national.?insurance|\bnino?\b/i,
    needsWords: true,
  },
  {
    kind: 'de-tax-id',
    name: 'a German tax number',
    shape: /^[1-9]\d{10}$/,
    isRight: (id) => isGermanShape(id) && iso7064(id),
    words: /steuer|tax.?id|\bidnr\b|\btin\b/i,
    needsWords: true,
  },
  {
    kind: 'fr-nir',
    name: 'a French social security number',
    shape: /^[12]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d{2}|2[AB])\d{8}$/,
    isRight: (id) => {
      const plain = id.replace('2A', '19').replace('2B', '18');
      return 97 - modulo97(plain.slice(0, 13)) === Number(plain.slice(13));
    },
    words: /\bnir\b|s[ée]curit[ée].?sociale|insee|num[ée]ro.?ss/i,
  },
  {
    kind: 'es-dni',
    name: 'a Spanish identity number',
    shape: /^[XYZ\d]\d{7}[A-Z]$/,
    isRight: (id) => {
      const number = Number(id.slice(0, 8).replace('X', '0').replace('Y', '1').replace('Z', '2'));
      return spanish[number % 23] === id[8];
    },
    words: /\bdni\b|\bnie\b|\bnif\b|documento/i,
  },
  {
    kind: 'it-fiscal-code',
    name: 'an Italian fiscal code',
    shape: /^[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z]$/,
    isRight: isItalianCode,
    words: /codice.?fiscale|fiscal/i,
  },
  {
    kind: 'nl-bsn',
    name: 'a Dutch citizen service number',
    shape: /^\d{9}$/,
    isRight: (id) => id !== '000000000' && weighted(id, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
    words: /\bbsn\b|burgerservice|sofi/i,
    needsWords: true,
  },
  {
    kind: 'be-national-number',
    name: 'a Belgian national number',
    shape: /^\d{11}$/,
    isRight: (id) => {
      const [number, check] = [id.slice(0, 9), Number(id.slice(9))];
      return 97 - (Number(number) % 97) === check || 97 - (Number(`2${number}`) % 97) === check;
    },
    words: /rijksregister|registre.?national|\bniss\b|\binsz\b/i,
    needsWords: true,
  },
  {
    kind: 'se-personal-number',
    name: 'a Swedish personal number',
    shape: /^(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}$/,
    isRight: (id) => luhn(id.slice(-10)),
    words: /personnummer|personal.?(?:identity.?)?number/i,
    needsWords: true,
  },
  {
    kind: 'pl-pesel',
    name: 'a Polish PESEL',
    shape: /^\d{2}(?:[02468][1-9]|[13579][0-2])\d{7}$/,
    isRight: (id) => (10 - (weighted(id, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === Number(id[10]),
    words: /pesel/i,
    needsWords: true,
  },
  {
    kind: 'br-cpf',
    name: 'a Brazilian CPF',
    shape: /^(?!(\d)\1{10})\d{11}$/,
    isRight: (id) =>
      ((weighted(id, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10 === Number(id[9]) &&
      ((weighted(id, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10 === Number(id[10]),
    words: /\bcpf\b|cadastro/i,
    needsWords: true,
  },
];

/** Of its first ten digits one stands twice or three times, and no more than one does. */
function isGermanShape(id: string): boolean {
  const counts = new Map<string, number>();
  for (const digit of id.slice(0, 10)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  const repeated = [...counts.values()].filter((count) => count > 1);
  return repeated.length === 1 && (repeated[0] ?? 0) <= 3;
}

/** What a digit or a letter counts at an odd place, from A on; digits count as the first ten letters. */
const oddPlaces = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

function isItalianCode(id: string): boolean {
  let sum = 0;
  for (const [index, character] of Array.from(id.slice(0, 15)).entries()) {
    const counted = Number.parseInt(character, 36);
    const value = counted > 9 ? counted - 10 : counted;
    sum += index % 2 === 0 ? (oddPlaces[value] ?? 0) : value;
  }
  return String.fromCodePoint(65 + (sum % 26)) === id[15];
}
