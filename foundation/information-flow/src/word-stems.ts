// Words as people and tools use them, as far as rules need: pieces of a name, and the stem a word has in common with its forms.

/** The words of a name: `sendMoneyTo`, `send_money_to` and `send-money-to` are the same three. Bounded. */
export function wordsOfName(name: string): string[] {
  return name
    .slice(0, 400)
    .replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '')
    .slice(0, 24);
}

/** `sends`, `sending` and `sent` are `send`; `files` is `file`. Crude on purpose: both sides of every comparison are stemmed alike. */
export function stem(word: string): string {
  const irregular = irregulars.get(word);
  if (irregular !== undefined) return irregular;
  let base = word;
  if (base.length > 4 && base.endsWith('ies')) base = `${base.slice(0, -3)}y`;
  else if (base.length > 4 && /(?:ss|sh|ch|x|z)es$/.test(base)) base = base.slice(0, -2);
  else if (base.length > 3 && base.endsWith('s') && !/(?:ss|us|is)$/.test(base)) base = base.slice(0, -1);
  if (base.length > 5 && base.endsWith('ing')) base = undouble(base.slice(0, -3));
  else if (base.length > 4 && base.endsWith('ed')) base = undouble(base.slice(0, -2));
  // `create`, `creating` and `created` meet without their last letter.
  return base.length > 4 && base.endsWith('e') ? base.slice(0, -1) : base;
}

function undouble(base: string): string {
  return /([bdgmnprt])\1$/.test(base) ? base.slice(0, -1) : base;
}

const irregulars: ReadonlyMap<string, string> = new Map([
  ['sent', 'send'],
  ['paid', 'pay'],
  ['made', 'make'],
  ['wrote', 'write'],
  ['written', 'write'],
  ['bought', 'buy'],
  ['sold', 'sell'],
  ['told', 'tell'],
  ['people', 'person'],
  ['emails', 'email'],
  ['mails', 'email'],
  ['mail', 'email'],
  ['e-mail', 'email'],
  ['gave', 'give'],
  ['put', 'put'],
  ['bring', 'bring'],
  ['string', 'string'],
]);

/** A set of stems from words parted by spaces. */
export function stems(words: string): ReadonlySet<string> {
  return new Set(
    words
      .split(/\s+/)
      .filter((word) => word !== '')
      .map(stem),
  );
}
