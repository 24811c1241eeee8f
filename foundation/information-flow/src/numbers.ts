// Numbers as people write them.

const maxNumbers = 500;
/** Thousands parted by commas, full stops, apostrophes or spaces, with two more digits behind the other mark; else digits with at most one mark. */
const numbers =
  /(?<![\p{L}\d.,])(?:\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,2})?|\d{1,3}(?:\.\d{3}){1,4}(?:,\d{1,2})?|\d{1,3}(?:['’ ]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,15}(?:[.,]\d{1,2})?)(?![\p{L}\d]|[.,]\d)/gu;

/** Whether a number stands in a text as one, in whatever way it is written there. `value` is as programs write numbers. */
export function isNumberIn(text: string, value: string): boolean {
  if (!/^\d{1,15}(?:\.\d{1,10})?$/.test(value)) return false;
  const wanted = Number(value);
  let looked = 0;
  for (const [found] of text.matchAll(numbers)) {
    if ((looked += 1) > maxNumbers) return false;
    if (valueOf(found) === wanted) return true;
  }
  return false;
}

function valueOf(written: string): number {
  const [, whole = '', cents = ''] = /^(.*?)(?:[.,](\d{1,2}))?$/u.exec(written) ?? [];
  return Number(`${whole.replaceAll(/\D/gu, '')}.${cents === '' ? '0' : cents}`);
}
