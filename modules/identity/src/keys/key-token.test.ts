import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatToken, idBytes, parseToken, secretBytes } from './key-token.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

test('parseToken() reads every token formatToken() makes, and the shape never varies', () => {
  fc.assert(
    fc.property(bytes(idBytes), bytes(secretBytes), (id, secret) => {
      const made = formatToken(id, secret);
      assert.match(made.token, /^sp_[0-9A-Za-z]{11}_[0-9A-Za-z]{49}$/);
      assert.deepEqual(parseToken(made.token), made);
    }),
  );
});

test('different secrets make different tokens, also all-zero and all-one', () => {
  const id = new Uint8Array(idBytes);
  const zero = formatToken(id, new Uint8Array(secretBytes)).token;
  const full = formatToken(id, new Uint8Array(secretBytes).fill(255)).token;
  assert.notEqual(zero, full);
});

test('parseToken() refuses a token with any one character changed', () => {
  const { token } = formatToken(new Uint8Array(idBytes).fill(7), new Uint8Array(secretBytes).fill(9));
  for (let position = 0; position < token.length; position += 1) {
    const changed = token.slice(0, position) + (token[position] === 'x' ? 'y' : 'x') + token.slice(position + 1);
    assert.equal(parseToken(changed), undefined, changed);
  }
});

test('parseToken() answers whatever it is given', () => {
  fc.assert(fc.property(fc.string(), (text) => parseToken(text) === undefined));
  fc.assert(fc.property(fc.stringMatching(/^sp_[0-9A-Za-z]{11}_[0-9A-Za-z]{49}$/), (text) => void parseToken(text)));
});
