import type { Disguise } from '../action.ts';

const invisible =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E0FFF}]/u;
const latin = /\p{Script=Latin}/u;
const alike = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;
const variants = /[\uFF01-\uFF5E\u{1D400}-\u{1D7FF}\u2024\u2044\u2215\u29F8\u3000\u00A0\u2000-\u200A]/u;

/** Characters that a person does not see, or takes for others. */
export function disguisesOf(text: string): Disguise[] {
  const found: Disguise[] = [];
  if (invisible.test(text)) found.push('invisible');
  const isMixed = text
    .split(/[\s/.:@=,;'"]+/)
    .some((word) => alike.test(word) && (latin.test(word) || /^[асеорхуіѕјһԁԛԝ]+$/u.test(word)));
  if (isMixed || variants.test(text)) found.push('look-alike');
  return found;
}
