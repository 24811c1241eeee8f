import { foldCase } from '../wildcard.ts';

/**
 * Printable ASCII that stands in a stored event as it stands in the value a rule sees, however often the record was put into JSON
 * or XML on its way: no encoder writes it otherwise without leaving one of the `rewritten` marks. Left out are the signs that
 * JSON, XML or careful encoders escape (`" \ / & ' + < >` and the backtick) and those between which JSON may put spaces (`: , [ ] { }`).
 */
const plain = ' !#$%()*-.;=?@^_|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const runs = new RegExp(`[${plain.replaceAll(/[\^\-\]\\]/g, String.raw`\$&`)}]+`, 'g');

/** Shorter ones stand in nearly every event. */
const minLength = 3;
/** A part of a long word is as good as all of it. */
const maxLength = 64;

/**
 * Words, in small letters, that stand in the stored text of every event in which `text` is part of a value, unless `rewritten` says
 * that nothing can be told of it. What could be part of a number is no word: `4.688e3` is the value `4688`.
 */
export function rowWordsIn(text: string, cased: boolean): string[] {
  const found = (cased ? text : foldCase(text)).match(runs) ?? [];
  return found.map((run) => run.toLowerCase().slice(0, maxLength)).filter(isWord);
}

function isWord(word: string): boolean {
  if (word.trim().length < minLength || /^[-0-9.e]*$/.test(word)) return false;
  // What JSON writes for a number that is none: `1e999` is the value `Infinity`, and `null` inside an object's text.
  return !['-infinity', 'null'].some((written) => written.includes(word));
}

/**
 * The digits that stand in every stored event that has this number as a value, be it a number or a text of digits, unless `rewritten`;
 * undefined where another way of writing it in the rule counts as well, or where it is too short to tell anything. Nor of more than five
 * digits: `262143.99999999999` is rounded to one with fewer decimals than `rewritten` looks for.
 */
export function rowDigitsOf(number: number, text: string): string | undefined {
  return text === String(number) && Number.isInteger(number) && number >= 100 && number < 1e5 ? text : undefined;
}

/**
 * A regular expression (RE2, with regard to case) for stored events whose text may differ from the values rules see: a plain
 * character or a backslash written as `\u00XX`, a line break or its like written so (an object's text would show `\n`), and the
 * two characters beyond ASCII that become ASCII letters in small letters: the Kelvin sign and the capital I with a dot. And numbers that need not
 * have the digits of their value: those with an exponent, and fractions long enough to be rounded.
 */
export const rewritten = [
  '\u212A|\u0130',
  String.raw`\\u(?:212[aA]|0130|00(?:${hexCodes()}))`,
  String.raw`(?:[:,\[\s]|\\[nrt])-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+[\s,\]}\\]`,
  String.raw`\.[0-9]{12}`,
].join('|');

function hexCodes(): string {
  const signs = `${plain}\\\b\t\n\f\r`;
  const bySecond = new Map<string, string[]>();
  for (const sign of signs) {
    const [first = '', second = ''] = sign.charCodeAt(0).toString(16).padStart(2, '0');
    bySecond.set(first, [
      ...(bySecond.get(first) ?? []),
      second,
      ...(/[a-f]/.test(second) ? [second.toUpperCase()] : []),
    ]);
  }
  return [...bySecond].map(([first, seconds]) => `${first}[${seconds.join('')}]`).join('|');
}
