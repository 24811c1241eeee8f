/** What a camera asks for in `WWW-Authenticate`. Texts are as they came, one character a byte. */
export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'digest';
      readonly algorithm: DigestAlgorithm;
      /** As the camera wrote it; undefined where it names none. */
      readonly named: string | undefined;
      /** `-sess`: the password's hash is bound to the first nonce. */
      readonly isSession: boolean;
      readonly realm: string;
      readonly nonce: string;
      readonly opaque: string | undefined;
      /** False for RFC 2069, which had none yet. */
      readonly hasQop: boolean;
      /** The nonce was too old, the password is right. */
      readonly isStale: boolean;
      readonly hidesUser: boolean;
    };

export type DigestAlgorithm = 'md5' | 'sha256' | 'sha512-256';

const algorithms: Readonly<Record<string, DigestAlgorithm>> = {
  md5: 'md5',
  'sha-256': 'sha256',
  'sha-512-256': 'sha512-256',
};
const strength = ['sha512-256', 'sha256', 'md5'];

const maxLength = 8192;
const maxParameters = 64;

/**
 * The strongest challenge that we can answer (RFC 9110 section 11.6.1, RFC 7616, RFC 7617); undefined for none. `values`
 * are the header's, each of which may hold several. What does not follow the grammar ends the reading of that value.
 */
export function strongestChallenge(values: readonly string[]): Challenge | undefined {
  const challenges = values.flatMap(readChallenges);
  for (const algorithm of strength) {
    const found = challenges.find((challenge) => challenge.scheme === 'digest' && challenge.algorithm === algorithm);
    if (found !== undefined) return found;
  }
  return challenges.find(({ scheme }) => scheme === 'basic');
}

type Written = { readonly scheme: string; readonly parameters: Map<string, string> };

function readChallenges(value: string): Challenge[] {
  if (value.length > maxLength) return [];
  const written: Written[] = [];
  const word = /[ \t,]*([!#$%&'*+.^_`|~\w-]+)/y;
  const parameter = /[ \t]*=[ \t]*(?:"((?:[^"\\\u0000-\u001f\u007f]|\\[ -~])*)"|([^\s",=\u0000-\u001f\u007f]+))/y;
  const bareToken = /[ \t]+[\w\-.~+/]+=*[ \t]*(?=,|$)/y;
  for (let at = 0, count = 0; count < maxParameters; count += 1) {
    word.lastIndex = at;
    const name = word.exec(value)?.[1];
    if (name === undefined) break;
    at = word.lastIndex;
    parameter.lastIndex = at;
    const [, quoted, plain] = parameter.exec(value) ?? [];
    const text = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain;
    if (text !== undefined) {
      const { parameters } = written.at(-1) ?? {};
      // Said twice, it means two things: the first stays.
      if (parameters !== undefined && !parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), text);
      at = parameter.lastIndex;
      continue;
    }
    written.push({ scheme: name.toLowerCase(), parameters: new Map() });
    bareToken.lastIndex = at;
    if (bareToken.test(value)) at = bareToken.lastIndex;
  }
  return written.flatMap(understood);
}

function understood({ scheme, parameters }: Written): Challenge[] {
  if (scheme === 'basic') return [{ scheme }];
  const [realm, nonce] = [parameters.get('realm'), parameters.get('nonce')];
  if (scheme !== 'digest' || realm === undefined || nonce === undefined) return [];
  // Empty is as good as left out, to cameras that write every parameter they know.
  const said = (name: string): string | undefined => (parameters.get(name) === '' ? undefined : parameters.get(name));
  const named = said('algorithm');
  const meant = (named ?? 'MD5').toLowerCase();
  const isSession = meant.endsWith('-sess');
  const algorithm = algorithms[isSession ? meant.slice(0, -'-sess'.length) : meant];
  const qop = said('qop')
    ?.toLowerCase()
    .split(/[\s,]+/);
  if (algorithm === undefined || (qop !== undefined && !qop.includes('auth'))) return [];
  const hasQop = qop !== undefined;
  const isTrue = (name: string): boolean => parameters.get(name)?.toLowerCase() === 'true';
  const opaque = parameters.get('opaque');
  return [
    {
      scheme,
      algorithm,
      named,
      isSession,
      realm,
      nonce,
      opaque,
      hasQop,
      isStale: isTrue('stale'),
      hidesUser: isTrue('userhash'),
    },
  ];
}
