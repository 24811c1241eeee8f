import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describePlace, flipBit } from './flip-bit.ts';

test('flipBit() changes one bit and a second time puts it back', () => {
  const place = fc.record({ byte: fc.nat(99), bit: fc.nat(7) });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 100, maxLength: 100 }), place, (bytes, flip) => {
      const changed = flipBit(bytes, flip);
      assert.equal(changed.filter((byte, at) => byte !== bytes[at]).length, 1);
      assert.deepEqual(flipBit(changed, flip), bytes);
    }),
  );
});

test('describePlace() names the parts of an evidence file', () => {
  const file =
    'sallyport-evidence@v1\nkey k\nleaf l\nsalt s\nbody b\nc2sp.org/tlog-proof@v1\nindex 1\nAAAA\nBBBB\n\norigin\n5\nroot\n\n— k sig\n';
  const place = (part: string): string => describePlace(file, file.indexOf(part));
  assert.equal(place('body'), 'the event itself');
  assert.equal(place('BBBB'), 'hash 2 of the path to the root');
  assert.equal(place('origin'), 'the name of the log');
  assert.equal(place('root'), 'the root of the tree');
  assert.equal(place('— k'), 'the signature of the log');
  assert.equal(describePlace('', 0), 'the name of the format');
});

test('describePlace() tells witnesses from the log', () => {
  const file =
    'sallyport-evidence@v1\nkey k\nwitness v\nwitness w\nleaf l\nsalt s\nbody b\nc2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\norigin\n5\nroot\n\n— k sig\n— v sig\n— w sig\n';
  const place = (part: string): string => describePlace(file, file.indexOf(part));
  assert.deepEqual(['key k', 'witness v', 'witness w', 'leaf', 'body', 'AAAA', '— k', '— v', '— w'].map(place), [
    'the key',
    'the key of witness 1',
    'the key of witness 2',
    'the leaf',
    'the event itself',
    'hash 1 of the path to the root',
    'the signature of the log',
    'the signature of witness 1',
    'the signature of witness 2',
  ]);
});
