// Single steps over a text by character code: linear, without regular expressions.

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** The end of the run of ASCII digits that begins at `at`, at most `most` of them. */
export function endOfDigits(text: string, at: number, most = 16): number {
  let end = at;
  while (end < at + most && isDigit(text.charCodeAt(end))) end += 1;
  return end;
}

/** The number of exactly `count` digits at `at`, or -1. */
export function fixedDigits(text: string, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index += 1) {
    const code = text.charCodeAt(index);
    if (!isDigit(code)) return -1;
    value = value * 10 + code - 48;
  }
  return value;
}

export function skipSpaces(text: string, at: number): number {
  let end = at;
  while (text.charCodeAt(end) === 32) end += 1;
  return end;
}

/** The first space at or after `at`, or the end of the text. */
export function endOfToken(text: string, at: number): number {
  const end = text.indexOf(' ', at);
  return end === -1 ? text.length : end;
}

/** A decimal integer without sign that JavaScript holds exactly, or undefined. */
export function wholeNumber(text: string): number | undefined {
  if (text.length === 0 || text.length > 15 || endOfDigits(text, 0) !== text.length) return undefined;
  return Number(text);
}

function hexDigit(code: number): number {
  if (isDigit(code)) return code - 48;
  if (code >= 65 && code <= 70) return code - 55;
  if (code >= 97 && code <= 102) return code - 87;
  return -1;
}

/** The bytes of an even number of hexadecimal digits, or undefined. */
export function hexBytes(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    const high = hexDigit(text.charCodeAt(index * 2));
    const low = hexDigit(text.charCodeAt(index * 2 + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[index] = high * 16 + low;
  }
  return bytes;
}
