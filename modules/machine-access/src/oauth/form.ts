import { OAuthError } from './oauth-error.ts';

/** Parameters of a request, each of which stands once at most. */
export type Form = ReadonlyMap<string, string>;

const maxParameters = 30;
const maxValueLength = 16 * 1024;

/**
 * `application/x-www-form-urlencoded` (RFC 6749 appendix B). A parameter that stands twice is refused, since two readers could
 * see another one each; an empty one counts as missing (section 3.1). Throws `OAuthError` `invalid_request`.
 */
export function parseForm(text: string): Form {
  const form = new Map<string, string>();
  const names = new Set<string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (names.has(name)) throw new OAuthError('invalid_request', `Cannot read "${name.slice(0, 50)}": it stands twice`);
    names.add(name);
    if (names.size > maxParameters || value.length > maxValueLength)
      throw new OAuthError('invalid_request', 'Cannot read the request: it has too many parameters or too long ones');
    if (value !== '') form.set(name, value);
  }
  return form;
}

/** Throws `OAuthError` `invalid_request`. */
export function required(form: Form, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw new OAuthError('invalid_request', `Cannot answer: "${name}" is missing`);
  return value;
}

/** Undefined when none are named. Throws `OAuthError` `invalid_scope`. */
export function scopesIn(form: Form): readonly string[] | undefined {
  const text = form.get('scope');
  if (text === undefined) return undefined;
  const scopes = [...new Set(text.split(' ').filter((scope) => scope !== ''))];
  if (scopes.length > 0 && scopes.length <= 100 && scopes.every((scope) => /^[\w:.-]{1,100}$/.test(scope)))
    return scopes;
  throw new OAuthError('invalid_scope', 'Cannot read "scope": must be names separated by spaces');
}
