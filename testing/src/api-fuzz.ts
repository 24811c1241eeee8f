import type { SeededRandom } from './seeded-random.ts';

export type ApiDescription = { readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
export type FuzzedRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND'] as const;
const junk = [
  '',
  '0',
  '-1',
  '1e309',
  '99999999999999999999',
  'null',
  '%00',
  '%ff%fe',
  '..%2f..%2fetc%2fpasswd',
  '__proto__',
  'constructor',
  "';DROP TABLE events;--",
  '${jndi:ldap://x}',
  '🏰'.repeat(20),
  'a'.repeat(3000),
  '*'.repeat(200),
  '('.repeat(500),
  '"',
  '\\',
  'raw.a:*',
  '2026-99-99T99:99:99Z',
] as const;
const bodies = [
  '',
  '{}',
  '[]',
  'null',
  '{"name":1,"scopes":{}}',
  '{"state":"closed","comment":7}',
  '{"__proto__":{"a":1}}',
  '{"name":"a","name":"b"',
  '\u0000\u0001',
  '{"a":"\\ud800"}',
  '['.repeat(5000),
  '9'.repeat(5000),
] as const;
const types = [
  'application/json',
  'application/x-ndjson',
  'text/plain',
  'multipart/form-data',
  'a/b;c=d',
  '/',
] as const;

/** A request near what the API describes: right paths and names with wrong everything else. Never one that ends the test's own keys. */
export function fuzzedRequest(random: SeededRandom, description: ApiDescription): FuzzedRequest {
  const paths = Object.entries(description.paths).filter(([path]) => !path.endsWith('/stream'));
  const [template, operations] = paths[random.between(0, paths.length - 1)] ?? ['/', {}];
  const described = Object.keys(operations).map((name) => name.toUpperCase());
  const method = random.chance(0.7)
    ? (described[random.between(0, described.length - 1)] ?? 'GET')
    : random.pick(methods);
  const path = template.replaceAll(/\{[^}]+\}|\*/g, () => encode(random, random.pick(junk)));
  const names = [...parameterNames(operations), 'unheard_of'];
  const query = Array.from({ length: random.between(0, 3) }, () => {
    const name = names[random.between(0, names.length - 1)] ?? 'q';
    return `${encodeURIComponent(name)}=${encode(random, random.pick(junk))}`;
  }).join('&');
  const hasBody = method !== 'GET' && method !== 'HEAD' && method !== 'TRACE' && random.chance(0.8);
  return {
    method,
    path: query === '' ? path : `${path}?${query}`,
    headers: {
      ...(hasBody ? { 'content-type': random.pick(types) } : {}),
      ...(random.chance(0.1) ? { 'content-encoding': random.pick(['gzip', 'br', 'zstd', 'none']) } : {}),
      ...(random.chance(0.1) ? { 'last-event-id': random.pick(['x', '-1', '99999999999999999999']) } : {}),
    },
    ...(hasBody ? { body: random.pick(bodies) } : {}),
  };
}

/** Mostly as a client would write it, now and then as it is where HTTP lets us. */
function encode(random: SeededRandom, value: string): string {
  if (/^%[0-9a-f]{2}/i.test(value) || value.startsWith('..')) return value;
  return random.chance(0.9) || !/^[\w*()-]*$/.test(value) ? encodeURIComponent(value) : value;
}

function parameterNames(operations: Readonly<Record<string, unknown>>): string[] {
  return [...JSON.stringify(operations).matchAll(/"in":"query","name":"([^"]+)"|"name":"([^"]+)","in":"query"/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
}
