const simple: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['e', '\u001b'],
  ['E', '\u001b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['?', '?'],
]);

const escape =
  /\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|c([\s\S])|([abeEfnrtv\\'"?]))/g;

/** The text of `$'…'` (bash manual, "ANSI-C Quoting"); a NUL ends it, as in bash. Bytes over 127 are taken as Latin-1. */
export function ansiText(text: string): string {
  const result = text.replaceAll(escape, (whole: string, ...groups: (string | undefined)[]) => {
    const [hex, short, long, octal, control, letter] = groups;
    const point = hex ?? short ?? long;
    if (point !== undefined) return fromPoint(Number.parseInt(point, 16));
    if (octal !== undefined) return fromPoint(Number.parseInt(octal, 8) & 255);
    if (control !== undefined) return fromPoint((control.codePointAt(0) ?? 0) & 31);
    return simple.get(letter ?? '') ?? whole;
  });
  const end = result.indexOf('\0');
  return end === -1 ? result : result.slice(0, end);
}

function fromPoint(point: number): string {
  return point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point);
}
