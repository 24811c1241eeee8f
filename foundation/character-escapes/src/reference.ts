import { characterAt } from './character-at.ts';

/** Names of references that text from the web is full of, and the two that addresses hide behind. */
export const commonNames: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
  ['commat', '@'],
  ['period', '.'],
]);

/** Those and the signs that secrets and numbers are written with; the last three show nothing. */
export const signNames: ReadonlyMap<string, string> = new Map([
  ...commonNames,
  ['colon', ':'],
  ['equals', '='],
  ['sol', '/'],
  ['lowbar', '_'],
  ['hyphen', '-'],
  ['dash', '-'],
  ['num', '#'],
  ['plus', '+'],
  ['zwnj', ''],
  ['zwj', ''],
  ['shy', ''],
]);

/** `&#x40;`, `&#64;` or `&commat;`, whole; undefined where it stands for no character or its name is not among `names`. Case does not count. */
export function decodeReference(reference: string, names: ReadonlyMap<string, string>): string | undefined {
  const [, hexadecimal, decimal, name] = /^&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{2,32}));$/i.exec(reference) ?? [];
  if (name !== undefined) return names.get(name.toLowerCase());
  if (hexadecimal !== undefined) return characterAt(Number.parseInt(hexadecimal, 16));
  return decimal === undefined ? undefined : characterAt(Number(decimal));
}
