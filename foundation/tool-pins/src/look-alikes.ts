/**
 * Signs that look like letters of Latin names, by what they look like. Our own list of those that pass for them in a terminal or a list, not
 * all that Unicode knows; what a compatibility decomposition already folds (full width, mathematical, circled) is not in it.
 */
const looksLike: readonly (readonly [string, string])[] = [
  ['a', 'аαɑᴀⱥꭺ'],
  ['b', 'вьβʙƀꮟ'],
  ['c', 'сϲᴄƈꮯ'],
  ['d', 'ԁɗđᴅꭰð'],
  ['e', 'еєεᴇɛꭼ℮'],
  ['f', 'ƒꜰϝ'],
  ['g', 'ɡɢԍցꮐ'],
  ['h', 'һнħʜհΗꮋ'],
  ['j', 'јϳᴊյꭻ'],
  ['k', 'кκᴋƙꮶ'],
  ['l', 'iıіιɩɪӏłʟ1|ǀլꮮꭵ'],
  ['m', 'мᴍꮇΜ'],
  ['n', 'пηɴոΝ'],
  ['o', 'оοσօᴏø0ѳө'],
  ['p', 'рρᴘþƿΡꮲ'],
  ['q', 'ԛզ'],
  ['r', 'гʀꭱ'],
  ['s', 'ѕꜱ5ꮪ'],
  ['t', 'тτᴛŧΤꭲ'],
  ['u', 'υᴜսʋ'],
  ['v', 'ѵνᴠꮩ'],
  ['w', 'ԝωᴡшꮃ'],
  ['x', 'хχΧ'],
  ['y', 'уγʏүΥꮍ'],
  ['z', 'ᴢʐΖꮓ'],
  ['ae', 'æӕ'],
];
const letterOf = new Map(looksLike.flatMap(([letter, signs]) => Array.from(signs, (sign) => [sign, letter] as const)));
const unseen = /[\p{C}\p{M}\p{Z}\u115f\u1160\u3164\uffa0\u2800]/gu;

/** What a name looks like at a glance: two of which it is the same can be taken for each other. Separators and case do not count. */
export function skeletonOf(name: string): string {
  if (/^[\x00-\x7f]*$/.test(name)) return plainSkeletonOf(name);
  const spelled = name.normalize('NFKD').replaceAll(unseen, '');
  // Some capitals look like other letters than their small ones: they are folded before the case is.
  return fold(fold(spelled).toLowerCase())
    .replaceAll(/[_\-./:·]/g, '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}

/** The same where all signs are ASCII, many times faster: addresses are long, and mostly so. */
function plainSkeletonOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[\x00-\x20\x7f_\-./:]/g, '')
    .replaceAll(/[i1|]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('5', 's')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}

function fold(text: string): string {
  return Array.from(text, (sign) => letterOf.get(sign) ?? sign).join('');
}

/** How one name stands to another: the very same, or another that can be taken for it. */
export function likeness(name: string, other: string): 'same' | 'looks_alike' | undefined {
  if (name === other) return 'same';
  const skeleton = skeletonOf(name);
  return skeleton !== '' && skeleton === skeletonOf(other) ? 'looks_alike' : undefined;
}

const mixable: readonly (readonly [string, RegExp])[] = [
  ['Latin', /\p{Script=Latin}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['Coptic', /\p{Script=Coptic}/u],
  ['Georgian', /\p{Script=Georgian}/u],
  ['Lisu', /\p{Script=Lisu}/u],
];

/** The alphabets of a name of which letters pass for each other, where there are several; nobody writes one word in two of them. */
export function mixedScripts(name: string): readonly string[] {
  const scripts = mixable.filter(([, letters]) => letters.test(name)).map(([script]) => script);
  return scripts.length > 1 ? scripts : [];
}
