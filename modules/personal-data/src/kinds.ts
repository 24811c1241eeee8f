import { isIP } from 'node:net';

/** What a declared value names somebody by. */
export const subjectKinds = ['user-name', 'email', 'phone', 'ip', 'custom'] as const;
export type SubjectKind = (typeof subjectKinds)[number];

const maxCharacters = 1024;

/** Words senders write where there is nobody, and those our own records are told apart by: never somebody's name. */
const nobody: ReadonlySet<string> = new Set([
  '',
  '-',
  '--',
  '?',
  '*',
  'n/a',
  'na',
  'nil',
  'none',
  '(none)',
  'null',
  'undefined',
  'unknown',
  '<unknown>',
  'audit',
  'sallyport',
]);

/**
 * The one form under which writings of the same name are the same subject: NFC, no space around, and by kind no difference of
 * case, no punctuation in phone numbers, IPv6 in its shortest form. What does not look like its kind is somebody's all the same.
 * Undefined: nobody.
 */
export function normalise(kind: SubjectKind, text: string): string | undefined {
  const plain = text.normalize('NFC').trim().slice(0, maxCharacters);
  const lower = plain.toLowerCase();
  if (nobody.has(lower)) return undefined;
  switch (kind) {
    case 'user-name':
    case 'email':
      return lower;
    case 'phone':
      return phoneNumber(lower);
    case 'ip':
      return address(lower);
    case 'custom':
      return plain;
    default:
      return kind satisfies never;
  }
}

/** Whether free text that reads so may be of this kind at all: where nothing declares it, only such words are looked up. */
export function mayBe(kind: SubjectKind, text: string): boolean {
  switch (kind) {
    case 'email':
      return /^[^@\s]+@[^@\s]+$/u.test(text);
    case 'phone':
      return /^\+?\d{5,20}$/u.test(phoneNumber(text));
    case 'ip':
      return isIP(text) !== 0;
    case 'user-name':
    case 'custom':
      return true;
    default:
      return kind satisfies never;
  }
}

function phoneNumber(text: string): string {
  const digits = text.replaceAll(/[\s()./-]/gu, '').replace(/^00(?=\d)/u, '+');
  return /^\+?\d+$/u.test(digits) ? digits : text;
}

function address(text: string): string {
  if (isIP(text) !== 6 || text.includes('%')) return text;
  const shortest = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/u.exec(shortest);
  if (mapped === null) return shortest;
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
