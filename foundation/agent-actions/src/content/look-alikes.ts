import type { Disguise } from '../action.ts';

/** Control and format characters, and what is drawn as nothing. */
const invisible = /(?![\t\n])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** What joins the parts of one emoji is no disguise. */
const joiner = /(?<=\P{ASCII})[\uFE0F\u200D]/gu;
const latin = /\p{Script=Latin}/u;
const alike = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;
const variants = /[\uFF01-\uFF5E\u{1D400}-\u{1D7FF}\u2024\u2044\u2215\u29F8\u3000\u00A0\u2000-\u200A]/u;

/** Characters that a person does not see, or takes for others. */
export function disguisesOf(text: string): Disguise[] {
  const found: Disguise[] = [];
  if (invisible.test(text.replaceAll(joiner, ''))) found.push('invisible');
  const isMixed = text
    .split(/[\s/.:@=,;'"]+/)
    .some((word) => alike.test(word) && (latin.test(word) || /^[асеорхуіѕјһԁԛԝ]+$/u.test(word)));
  if (isMixed || variants.test(text)) found.push('look-alike');
  return found;
}
