import { PrivilegeError } from './errors.ts';

/**
 * What could make words look like others to whoever reads them: controls, marks that turn the direction of text, and signs that are there
 * and do not show. Line ends are words' own; so is what joins letters in some scripts.
 */
const misleading =
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

/** Throws `privilege_invalid`. */
export function requirePlain(text: string, what: string): string {
  if (text.search(misleading) < 0) return text.trim().normalize('NFC');
  throw new PrivilegeError(
    'privilege_invalid',
    `Cannot take this ${what}: must be words, without control characters, marks that turn the direction of text and signs that do not show`,
  );
}

/** Where nobody is to be kept out over a sign: what misleads is taken out. */
export function madePlain(text: string): string {
  return text.replaceAll(misleading, '').trim().normalize('NFC');
}
