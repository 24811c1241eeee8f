import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createVerifierKey, formatVerifierKey } from '@sallyport/merkle-log';
import { enoughSince, witnessCount } from './counted-witnesses.ts';

const keyOf = (name: string): string =>
  formatVerifierKey(createVerifierKey({ kind: 'cosignature/v1', name, publicKey: randomBytes(32) }));

test('two keys of one witness are one witness, wherever they are asked', () => {
  const [first, second, other] = [keyOf('witness.example/w1'), keyOf('witness.example/w1'), keyOf('other.example/w1')];
  assert.equal(witnessCount([first, second]), 1);
  assert.equal(witnessCount([first, second, other]), 2);
  const [early, twice, late] = [
    { verifierKey: first, atMs: 1000 },
    { verifierKey: second, atMs: 2000 },
    { verifierKey: other, atMs: 3000 },
  ];
  assert.equal(enoughSince([early, twice], 2), undefined);
  assert.equal(enoughSince([late, twice, early], 2), 3000);
  assert.equal(enoughSince([late, twice, early], 1), 1000);
  assert.equal(enoughSince([], 1), undefined);
});
