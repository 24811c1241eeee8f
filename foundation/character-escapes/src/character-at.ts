/** The character of a code point; undefined for zero, which ends texts elsewhere, and for what is none. Half a pair is itself. */
export function characterAt(code: number): string | undefined {
  return Number.isInteger(code) && code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : undefined;
}
