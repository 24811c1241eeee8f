/** A parsed condition: plain data over the names of search identifiers. */
export type Condition =
  | { readonly kind: 'identifier'; readonly name: string }
  | { readonly kind: 'not'; readonly operand: Condition }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Condition[] }
  /** At least `count` of the names hold. */
  | { readonly kind: 'of'; readonly count: number; readonly names: readonly string[] };

export type ConditionFault = {
  readonly code: 'condition_syntax' | 'unknown_identifier' | 'too_complex';
  readonly fault: string;
};

const maxLength = 16_384;
const maxTokens = 2_048;
const maxDepth = 50;

/** Stops the parsing of one condition. It never leaves `parseCondition`. */
class Stop extends Error {
  readonly code: ConditionFault['code'];
  constructor(code: ConditionFault['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads one condition (Sigma rules specification, "Condition"). `or` binds least, then `and`, `not`, `x of`. Beside `1` and
 * `all`, `any` and greater numbers are taken. Names that begin with `_` are outside `them` and outside patterns that do not begin with
 * `_` themselves.
 */
export function parseCondition(text: string, identifiers: readonly string[]): Condition | ConditionFault {
  if (text.length > maxLength) return { code: 'too_complex', fault: `it is over ${maxLength} characters long` };
  const tokens = text.match(/[()|]|[^\s()|]+/g) ?? [];
  if (tokens.length > maxTokens) return { code: 'too_complex', fault: `it has over ${maxTokens} words` };
  try {
    return createParser(tokens, identifiers).whole();
  } catch (error) {
    if (error instanceof Stop) return { code: error.code, fault: error.message };
    throw error;
  }
}

function createParser(tokens: readonly string[], identifiers: readonly string[]): { whole(): Condition } {
  const known = new Set(identifiers);
  let at = 0;

  function isWord(word: string): boolean {
    return tokens[at]?.toLowerCase() === word && !known.has(tokens[at] ?? '');
  }

  function parseOr(depth: number): Condition {
    return joined('or', () => joined('and', () => parseNot(depth)));
  }

  function joined(kind: 'and' | 'or', next: () => Condition): Condition {
    const first = next();
    const operands = [first];
    while (isWord(kind)) {
      at += 1;
      operands.push(next());
    }
    return operands.length === 1 ? first : { kind, operands };
  }

  function parseNot(depth: number): Condition {
    if (depth > maxDepth) throw new Stop('too_complex', `it is nested over ${maxDepth} deep`);
    if (!isWord('not')) return parseOperand(depth);
    at += 1;
    return { kind: 'not', operand: parseNot(depth + 1) };
  }

  function parseOperand(depth: number): Condition {
    const token = tokens[at];
    if (token === undefined) throw new Stop('condition_syntax', 'it ends where a search identifier must stand');
    if (token === '(') {
      at += 1;
      const inner = parseOr(depth + 1);
      if (tokens[at] !== ')') throw new Stop('condition_syntax', 'a ")" is missing');
      at += 1;
      return inner;
    }
    if (tokens[at + 1]?.toLowerCase() === 'of' && !known.has('of')) return parseOf(token);
    at += 1;
    if (known.has(token)) return { kind: 'identifier', name: token };
    if (token === ')' || token === '|' || /^(and|or|of)$/i.test(token)) {
      throw new Stop('condition_syntax', `"${token}" stands where a search identifier must stand`);
    }
    throw new Stop('unknown_identifier', `there is no search identifier "${token}"`);
  }

  function parseOf(quantifier: string): Condition {
    const pattern = tokens[at + 2];
    if (pattern === undefined || /^[()|]$/.test(pattern)) {
      throw new Stop('condition_syntax', `"${quantifier} of" must be followed by "them" or a pattern`);
    }
    at += 3;
    const names = namesMatching(pattern);
    if (names.length === 0) throw new Stop('unknown_identifier', `no search identifier matches "${pattern}"`);
    const word = quantifier.toLowerCase();
    if (word === 'all') return { kind: 'of', count: names.length, names };
    if (word === 'any') return { kind: 'of', count: 1, names };
    if (!/^[1-9]\d{0,3}$/.test(word))
      throw new Stop('condition_syntax', `"${quantifier} of" must begin with a number, "any" or "all"`);
    return { kind: 'of', count: Number(word), names };
  }

  function namesMatching(pattern: string): string[] {
    if (pattern.toLowerCase() === 'them' && !known.has(pattern))
      return identifiers.filter((name) => !name.startsWith('_'));
    return identifiers.filter(
      (name) => (pattern.startsWith('_') || !name.startsWith('_')) && matchesStars(pattern.split('*'), name),
    );
  }

  return {
    whole() {
      const condition = parseOr(0);
      const rest = tokens[at];
      if (rest === undefined) return condition;
      const legacy = rest === '|' ? ' (aggregations after "|" left Sigma with version 2: use a correlation)' : '';
      throw new Stop('condition_syntax', `"${rest}" stands after the end${legacy}`);
    },
  };
}

/** True when `name` is the parts in their order with anything between them. */
function matchesStars(parts: readonly string[], name: string): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
