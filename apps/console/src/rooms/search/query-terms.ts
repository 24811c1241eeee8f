/** A term of the query language that means exactly this value. */
export function formatTerm(field: string, value: string, negated = false): string {
  const isPlain = /^[\w.-]+$/.test(value) && !/^(and|or|not)$/i.test(value);
  const written = isPlain ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  return `${negated ? '-' : ''}${field}:${written}`;
}

/**
 * The query narrowed by one term. Once is enough, and its opposite gives way. Where alternatives stand in the query they
 * are put into brackets first, so that the term holds for all of them.
 */
export function addTerm(query: string, term: string): string {
  const trimmed = query.trim();
  if (trimmed === '') return term;
  const parts = topLevelParts(trimmed);
  if (parts.some((part) => /^or$/i.test(part))) return `(${trimmed}) ${term}`;
  if (parts.includes(term)) return trimmed;
  const opposite = term.startsWith('-') ? term.slice(1) : `-${term}`;
  const at = parts.indexOf(opposite);
  // After NOT the opposite of the opposite stands there already.
  if (at > 0 && /^not$/i.test(parts[at - 1] ?? '')) return `${trimmed} ${term}`;
  if (at >= 0) return parts.with(at, term).join(' ');
  return `${trimmed} ${term}`;
}

/** Not by the name of the log: an event from outside could then hide by saying that it is of that log. */
const withoutAudit = '-own_audit:1';

/** The query without the records of our own, unless it speaks of them itself. */
export function hideAudit(query: string): string {
  return speaksOfAudit(query) ? query : addTerm(query, withoutAudit);
}

export function speaksOfAudit(query: string): boolean {
  return /\b(?:log_name|own_audit):/.test(query);
}

/** What stands side by side outside of brackets; quoted text and brackets stay whole. Unclosed ones reach to the end. */
export function topLevelParts(query: string): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < query.length; at += 1) {
    const sign = query.charAt(at);
    if (isQuoted && sign === '\\') {
      part += sign + query.charAt(at + 1);
      at += 1;
      continue;
    }
    if (sign === '"') isQuoted = !isQuoted;
    else if (!isQuoted && sign === '(') depth += 1;
    else if (!isQuoted && sign === ')') depth -= 1;
    if (!isQuoted && depth <= 0 && /\s/.test(sign)) {
      if (part !== '') parts.push(part);
      part = '';
    } else part += sign;
  }
  return part === '' ? parts : [...parts, part];
}
