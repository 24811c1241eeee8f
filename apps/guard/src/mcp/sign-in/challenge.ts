/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1). Names of parameters are in small letters. */
export type Challenge = { readonly scheme: string; readonly parameters: ReadonlyMap<string, string> };

const longest = 16 * 1024;
const maxChallenges = 16;
const maxParameters = 32;

const token = /[!#$%&'*+.^_`|~\dA-Za-z-]+/y;
const equals = /[ \t]*=[ \t]*/y;
const quoted = /"((?:[^"\\]|\\.)*)"/sy;
const token68 = /[ \t]+[\w.~+/-]+=*[ \t]*(?=,|$)/y;
const gap = /[\s,]+/y;

/**
 * Whatever a server wrote, as far as it can be read; never throws, in time that grows with the length. A parameter that stands twice in one
 * challenge is left out: nobody knows which is meant.
 */
export function readChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, longest);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  const twice = new Set<string>();
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    at = pattern.lastIndex;
    return found;
  };
  while (at < text.length) {
    if (take(gap) !== undefined) continue;
    const name = take(token)?.[0];
    if (name === undefined) {
      // Nothing that belongs here: on to the next comma, which a text in quotes may hold.
      if (take(quoted) === undefined) at += 1;
      continue;
    }
    const current = challenges.at(-1);
    if (take(equals) !== undefined) {
      const value = take(quoted)?.[1]?.replaceAll(/\\(.)/gs, '$1') ?? take(token)?.[0] ?? '';
      const key = name.toLowerCase();
      if (current === undefined || current.parameters.size >= maxParameters) continue;
      if (current.parameters.has(key)) twice.add(key);
      current.parameters.set(key, value);
      continue;
    }
    for (const key of twice) current?.parameters.delete(key);
    twice.clear();
    if (challenges.length >= maxChallenges) break;
    challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
    take(token68);
  }
  for (const key of twice) challenges.at(-1)?.parameters.delete(key);
  return challenges;
}

/** What a server asks of who brings a bearer token (RFC 6750, RFC 9728 5.1). */
export type BearerChallenge = {
  readonly error?: string;
  readonly scopes?: readonly string[];
  /** An address, as it stands there. */
  readonly metadata?: string;
};

/** Of several the one that says where its metadata are. Undefined when it asks for no bearer. */
export function bearerChallenge(header: string | undefined): BearerChallenge | undefined {
  const all = readChallenges(header ?? '').filter(({ scheme }) => scheme === 'bearer');
  const chosen = all.find(({ parameters }) => parameters.has('resource_metadata')) ?? all[0];
  if (chosen === undefined) return undefined;
  const { parameters } = chosen;
  const error = parameters.get('error');
  const scopes = scopesIn(parameters.get('scope') ?? '');
  const metadata = parameters.get('resource_metadata');
  return {
    ...(error === undefined || !/^[\w-]{1,60}$/.test(error) ? {} : { error }),
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(metadata === undefined || metadata === '' || metadata.length > 2000 ? {} : { metadata }),
  };
}

export const maxScopes = 64;

/** Scopes as RFC 6749 3.3 lets them be, each once; what is none, and what goes beyond 64, is left out. */
export function scopesIn(text: string): readonly string[] {
  const all = text.split(' ').filter((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(scope));
  return [...new Set(all)].slice(0, maxScopes);
}
