import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bearerChallenge, readChallenges, scopesIn } from './challenge.ts';

test('challenges are read as RFC 9110 writes them', () => {
  const all = readChallenges(
    'Newauth realm="apps, \\"quoted\\"", type=1, title="Login to", Negotiate, Basic  realm="simple" , Bearer dG9rZW4=, Digest a = b',
  );
  assert.deepEqual(
    all.map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]),
    [
      ['newauth', { realm: 'apps, "quoted"', type: '1', title: 'Login to' }],
      ['negotiate', {}],
      ['basic', { realm: 'simple' }],
      ['bearer', {}],
      ['digest', { a: 'b' }],
    ],
  );
});

test('of several bearers the one that names its metadata counts; what cannot be what it says is left out', () => {
  assert.deepEqual(
    bearerChallenge('Bearer error="x", bearer scope="a b", Resource_Metadata="https://a.example/m", error="in\tvalid"'),
    { scopes: ['a', 'b'], metadata: 'https://a.example/m' },
  );
  assert.equal(bearerChallenge('Basic realm="Bearer resource_metadata=x"'), undefined);
  assert.equal(bearerChallenge(undefined), undefined);
});

test('a parameter that stands twice counts for nothing', () => {
  const twice = 'Bearer resource_metadata="https://a.example", scope="x", resource_metadata="https://evil.example"';
  assert.deepEqual(bearerChallenge(twice), { scopes: ['x'] });
  assert.deepEqual(bearerChallenge(`${twice}, Basic realm=x`), { scopes: ['x'] });
});

test('scopes are each once, at most 64, and nothing else', () => {
  assert.deepEqual(scopesIn('a b a "c" d\\ é'), ['a', 'b']);
  assert.equal(scopesIn(Array.from({ length: 200 }, (_, at) => `s${at}`).join(' ')).length, 64);
});

const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,11}$/);
const value = fc.string({ unit: fc.constantFrom(...Array.from('abc,= "\\\t;:/é')), maxLength: 20 });

test('what was written is read', () => {
  const challenge = fc.tuple(
    name,
    fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, minLength: 1, maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(challenge, { maxLength: 5 }), fc.constantFrom(', ', ',', ' ,\t '), (challenges, comma) => {
      const text = challenges
        .map(([scheme, parameters]) => {
          const words = parameters.map(([key, said]) => `${key}="${said.replaceAll(/["\\]/g, (sign) => `\\${sign}`)}"`);
          return `${scheme} ${words.join(comma)}`;
        })
        .join(comma);
      assert.deepEqual(
        readChallenges(text).map(({ scheme, parameters }) => [scheme, [...parameters]]),
        challenges,
      );
    }),
  );
});

test('whatever is written, it ends, throws nothing, and is bounded', () => {
  const junk = fc.string({ unit: fc.constantFrom(...Array.from('abB ,="\\\t;e\u0000é')), maxLength: 300 });
  fc.assert(
    fc.property(fc.oneof(junk, fc.string({ unit: 'binary' })), (text) => {
      const all = readChallenges(`Bearer ${text}`);
      assert.ok(all.length <= 16 && all.every(({ parameters }) => parameters.size <= 32));
      bearerChallenge(text);
    }),
  );
  // None of these takes time that grows faster than its length, or this would not end.
  for (const part of ['"', '\\"', 'a=', ' ', ',', 'a ', '"\\']) readChallenges(`Bearer a="${part.repeat(1_000_000)}`);
});
