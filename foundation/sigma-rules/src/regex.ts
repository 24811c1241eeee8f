import { RE2JS } from 're2js';

/** A regular expression as plain data, in the flavour of RE2 (a subset of PCRE without back-tracking). */
export type RegexTest = {
  readonly source: string;
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
};

/** Longer patterns are refused, so that (pattern × text) stays a bound worth having. The longest in the SigmaHQ corpus has 330. */
const maxSourceLength = 4096;

/**
 * A search (not anchored, as PCRE searches) that takes time linear in the text whatever the pattern. The answer is a sentence
 * when the pattern is not in the flavour: look-around, back-references, atomic groups and possessive quantifiers, which the
 * Sigma specification excludes as well ("Other metacharacters are unsupported").
 */
export function compileRegex(regex: RegexTest): ((text: string) => boolean) | { readonly fault: string } {
  if (regex.source.length > maxSourceLength) return { fault: `it is over ${maxSourceLength} characters long` };
  let flags = 0;
  if (regex.ignoreCase) flags |= RE2JS.CASE_INSENSITIVE;
  if (regex.multiline) flags |= RE2JS.MULTILINE;
  if (regex.dotAll) flags |= RE2JS.DOTALL;
  try {
    const compiled = RE2JS.compile(regex.source, flags);
    return (text) => compiled.test(text);
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
