/** Shannon entropy of the characters, in bits each. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

const placeholder =
  /example|placeholder|dummy|redacted|changeme|change_me|replace[-_ ]?(?:me|with)|insert[-_ ]|your[-_ ]|my[-_ ]?(?:secret|token|key|password)|x{4}|\*{3}|\.{3}|0{8}|12345678|abcdefgh|<[a-z]|\$\{|\{\{/i;

/** What stands in documents where a secret would stand. Nobody's generated secret looks like it but by rare chance. */
export function isPlaceholder(text: string): boolean {
  return placeholder.test(text) || new Set(text.toLowerCase()).size <= Math.min(4, text.length / 3);
}

/** Words, paths, calls and references to a value, in place of one. */
export function isNoValue(text: string): boolean {
  return (
    /^(?:true|false|null|none|nil|undefined|string|number|boolean|bytes|str|text|object|any|unknown|required|optional|disabled|enabled|default|secret|password|token|bearer|basic|auto)$/i.test(
      text,
    ) ||
    // A reference, a call, a type, a path, an address.
    /^[$%@&*#<([{|/~!]/.test(text) ||
    /[()[\]{}<>]|=>|\$\{|::|\.\.\//.test(text) ||
    /^[a-z][a-z\d+.-]{1,20}:\/\//i.test(text) ||
    /^(?:process|os|env|config|settings|self|this|ctx|context|req|request|args|options|props|params|secrets|vars|data|var|local|module|import|require|await|new|get)\b[.[(]/i.test(
      text,
    ) ||
    /^[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40}){1,8}$/.test(text)
  );
}

/** Letters, digits and signs mixed as no word is. */
export function isRandomLike(text: string): boolean {
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((each) => each.test(text)).length;
  const entropy = entropyOf(text);
  if (/^[\da-f]+$/i.test(text)) return text.length >= 16 && entropy >= 2.8 && /\d/.test(text) && /[a-f]/i.test(text);
  if (/^[a-z]+(?:[-_. ][a-z]+)+$/i.test(text)) return false;
  // Letters alone, that change their case as no names in a program do.
  const changes = text.match(/[a-z](?=[A-Z])|[A-Z](?=[a-z])/g)?.length ?? 0;
  if (text.length >= 24 && changes >= text.length * 0.35 && entropy >= 3.8) return true;
  return text.length >= 16 ? classes >= 2 && entropy >= 3.4 && /\d/.test(text) : classes >= 3 && entropy >= 2.5;
}
