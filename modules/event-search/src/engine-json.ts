import { isUtf8 } from 'node:buffer';

/**
 * A body the engine can read to its end. JSON allows what the engine's parser refuses as a whole, and an event it refuses has no field: no
 * filter would find it, and none would leave it out. Half a surrogate pair becomes U+FFFD, a whole number beyond 64 bits is
 * written with an exponent, which is the same number to JavaScript. All other text, and text that is no JSON, stays as it is.
 */
export function engineJson(body: string): string {
  if (!/\\u[dD][89a-fA-F]|\d{19}/.test(body)) return body;
  let text = '';
  let at = 0;
  while (at < body.length) {
    const quote = body.indexOf('"', at);
    const start = quote < 0 ? body.length : quote;
    text += body.slice(at, start).replaceAll(/(?<![\d.eE+-])-?\d{19,}(?![\d.eE])/g, readableNumber);
    if (quote < 0) break;
    at = endOfString(body, start);
    text += body
      .slice(start, at)
      .replaceAll(/\\(?:u[dD][89aAbB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|[^])/g, wholeSign);
  }
  return text;
}

const halfOfSign = Buffer.from(String.raw`\u`);
const longest = 19;

/** Whether these are bytes of text that `engineJson` leaves alone. Nearly all events are, and making text of them costs more than storing it. */
export function isReadAsItIs(body: Uint8Array): boolean {
  if (!isUtf8(body)) return false;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  for (let at = bytes.indexOf(halfOfSign); at >= 0; at = bytes.indexOf(halfOfSign, at + 2)) {
    if ((bytes[at + 2] ?? 0) === 0x64 || bytes[at + 2] === 0x44) return false;
  }
  // So many digits in a row have one at each of these places.
  for (let at = longest - 1; at < bytes.length; at += longest) {
    if (!isDigit(bytes[at])) continue;
    let from = at;
    let to = at + 1;
    while (isDigit(bytes[from - 1])) from -= 1;
    while (isDigit(bytes[to])) to += 1;
    if (to - from >= longest) return false;
  }
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

const most = 2n ** 64n - 1n;
const least = -(2n ** 63n);

function readableNumber(digits: string): string {
  // The longest that fits has twenty signs.
  if (digits.length <= 20 && BigInt(digits) >= least && BigInt(digits) <= most) return digits;
  const value = Number(digits);
  return (Number.isFinite(value) ? value : Math.sign(value) * Number.MAX_VALUE).toExponential();
}

function wholeSign(escape: string): string {
  return escape.length === 6 ? String.raw`\ufffd` : escape;
}

/** Behind the closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let before = quote;
    while (before > at && text[before - 1] === '\\') before -= 1;
    if ((quote - before) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}
