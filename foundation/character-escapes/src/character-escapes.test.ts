import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { characterAt, commonNames, decodePercentRun, decodeReference, signNames } from './index.ts';

test('a run of percent signs is what encodeURIComponent made of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }), (text) => {
      const bytes = Array.from(Buffer.from(text));
      const run = bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
      assert.equal(decodePercentRun(run), text);
      assert.equal(decodePercentRun(run.toUpperCase()), text);
    }),
  );
  for (const text of ['ann@home.example', 'é', '😀/%'])
    assert.equal(
      encodeURIComponent(text).replaceAll(/(?:%[\dA-F]{2})+/g, (run) => decodePercentRun(run) ?? 'none'),
      text,
    );
});

test('a reference is its character by number in both bases and by name', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 0x10_ffff }), (code) => {
      const character = String.fromCodePoint(code);
      for (const reference of [`&#${code};`, `&#x${code.toString(16)};`, `&#X${code.toString(16).toUpperCase()};`])
        assert.equal(decodeReference(reference, commonNames), character);
    }),
  );
  for (const [name, character] of signNames) {
    assert.equal(decodeReference(`&${name};`, signNames), character);
    assert.equal(decodeReference(`&${name.toUpperCase()};`, signNames), character);
  }
});

test('names that are not in the table of the caller are not undone', () => {
  for (const name of ['sol', 'zwj']) assert.equal(decodeReference(`&${name};`, commonNames), undefined);
  for (const name of ['constructor', 'proto', 'tostring', 'hasownproperty', 'aacute'])
    assert.equal(decodeReference(`&${name};`, signNames), undefined);
});

test('what is no escape, or no character, is undefined, whatever it is', () => {
  for (const run of ['', '%', '%4', '%4g', '%40x', 'a%40', '%ff', '%c3', '%ed%a0%80', '%ef%bf%bd'])
    assert.equal(decodePercentRun(run), undefined, run);
  for (const reference of ['', '&', '&;', '&#;', '&#x;', '&#0;', '&#x110000;', '&#9999999;', '&#64', '#64;', '&#64;;'])
    assert.equal(decodeReference(reference, signNames), undefined, reference);
  for (const code of [0, -1, 0x11_0000, Number.NaN, 1.5, Number.POSITIVE_INFINITY])
    assert.equal(characterAt(code), undefined, String(code));
});

test('any text at all is answered, and what is answered is undone once and no more', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.stringMatching(/^(?:%[\da-fA-F]{2}){1,40}$/),
    fc.stringMatching(/^&#?[xX]?[\da-zA-Z]{0,9};?$/),
  );
  fc.assert(
    fc.property(piece, (text) => {
      const run = decodePercentRun(text);
      assert.ok(run === undefined || (run !== '' && run.length <= text.length / 3));
      const reference = decodeReference(text, signNames);
      assert.ok(reference === undefined || Array.from(reference).length <= 1);
    }),
    { numRuns: 2000 },
  );
});

test('a run of a million signs is undone in one go', () => {
  assert.equal(decodePercentRun('%61'.repeat(300_000))?.length, 300_000);
  assert.equal(decodePercentRun(`${'%61'.repeat(300_000)}%`), undefined);
});
