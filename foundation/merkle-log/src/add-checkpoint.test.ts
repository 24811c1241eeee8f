import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  MAX_ADD_CHECKPOINT_BYTES,
  formatAddCheckpoint,
  formatCosignatures,
  formatTreeSize,
  parseAddCheckpoint,
  parseCosignatures,
  parseTreeSize,
} from './index.ts';
import { TEST_ORIGIN, createInMemoryLog, testEntries, testSigner } from './testing/in-memory-log.ts';

// Laid out as the example in the specification, which elides no byte but whose tree nobody has.
const example = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`;
const { checkpoint } = createInMemoryLog(testEntries(5));
const hash = Buffer.alloc(32, 1).toString('base64');

test('parseAddCheckpoint() reads the request in the specification, and formatAddCheckpoint() writes it back', () => {
  const request = parseAddCheckpoint(Buffer.from(example));
  assert.equal(request.oldSize, 20852014);
  assert.deepEqual(
    request.proof.map((one) => one.length),
    [32, 32, 32, 32],
  );
  assert.deepEqual([request.claimed.origin, request.claimed.treeSize], ['example.com/behind-the-sofa', 20852163]);
  assert.equal(formatAddCheckpoint(request), example);
});

test('a request without proof has the old size, a blank line and the checkpoint', () => {
  const text = formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint });
  assert.equal(text, `old 0\n\n${checkpoint}`);
  assert.equal(parseAddCheckpoint(text).claimed.origin, TEST_ORIGIN);
});

test('what formatAddCheckpoint() makes, parseAddCheckpoint() reads', () => {
  const proofs = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 });
  fc.assert(
    fc.property(fc.maxSafeNat(), proofs, (oldSize, proof) => {
      const read = parseAddCheckpoint(formatAddCheckpoint({ oldSize, proof, checkpoint }));
      assert.equal(read.oldSize, oldSize);
      assert.deepEqual(
        read.proof.map((one) => Uint8Array.from(one)),
        proof,
      );
      assert.equal(read.checkpoint, checkpoint);
    }),
    { numRuns: 100 },
  );
});

test('parseAddCheckpoint() refuses every other form', () => {
  const good = `old 3\n${hash}\n\n${checkpoint}`;
  assert.equal(parseAddCheckpoint(good).oldSize, 3);
  const name = { name: 'MerkleLogError' };
  for (const [what, text] of [
    ['nothing', ''],
    ['no old size', good.replace('old 3\n', '')],
    ['another word', good.replace('old', 'Old')],
    ['two spaces', good.replace('old 3', 'old  3')],
    ['a space behind', good.replace('old 3', 'old 3 ')],
    ['leading zeroes', good.replace('old 3', 'old 03')],
    ['a sign', good.replace('old 3', 'old +3')],
    ['a size past 2^53 - 1', good.replace('old 3', 'old 9007199254740992')],
    ['carriage returns', good.replaceAll('\n', '\r\n')],
    ['a short hash', good.replace(hash, 'AAAA')],
    ['a hash with stray bits', good.replace(hash, `${hash.slice(0, -2)}F=`)],
    ['64 hashes', good.replace(hash, Array.from({ length: 64 }, () => hash).join('\n'))],
    ['no blank line', good.replace(`${hash}\n\n`, `${hash}\n`)],
    ['two blank lines', good.replace('\n\n', '\n\n\n')],
    ['no checkpoint', `old 3\n${hash}\n\n`],
    ['text behind', `${good}x`],
    ['no final newline', good.slice(0, -1)],
    ['a lone surrogate', good.replace('log.', 'log\ud800')],
  ] as const) {
    assert.throws(() => parseAddCheckpoint(text), name, what);
  }
  assert.equal(
    parseAddCheckpoint(good.replace(hash, Array.from({ length: 63 }, () => hash).join('\n'))).proof.length,
    63,
  );
  const long = new Uint8Array(MAX_ADD_CHECKPOINT_BYTES + 1);
  assert.throws(() => parseAddCheckpoint(long), { code: 'invalid_add_checkpoint' });
  assert.throws(() => formatAddCheckpoint({ oldSize: -1, proof: [], checkpoint }), { code: 'invalid_add_checkpoint' });
  assert.throws(() => formatAddCheckpoint({ oldSize: 1, proof: [new Uint8Array(31)], checkpoint }), {
    code: 'invalid_add_checkpoint',
  });
});

test('the answer of a witness is signature lines, and nothing else', () => {
  const lines = `— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==
`;
  const read = parseCosignatures(lines);
  assert.deepEqual(
    read.map(({ name, signature }) => [name, signature.length]),
    [
      ['witness.example/w1', 72],
      ['witness.example/w2', 72],
    ],
  );
  assert.equal(formatCosignatures(read), lines);
  for (const text of [
    '',
    '\n',
    lines.slice(0, -1),
    `\n${lines}`,
    `${lines}\n`,
    `x\n${lines}`,
    lines.replaceAll('\n', '\r\n'),
  ]) {
    assert.throws(() => parseCosignatures(text), { code: 'invalid_add_checkpoint' }, JSON.stringify(text));
  }
  assert.throws(() => parseCosignatures('— a AAAAAAA=\n'.repeat(101)), { code: 'invalid_add_checkpoint' });
  assert.throws(() => formatCosignatures([]), { code: 'invalid_add_checkpoint' });
  assert.throws(() => formatCosignatures([{ name: 'a b', keyId: 1, signature: new Uint8Array(1) }]), {
    code: 'invalid_add_checkpoint',
  });
});

test('the size in a conflict is a decimal and a newline, up to 2^53 - 1', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (size) => assert.equal(parseTreeSize(formatTreeSize(size)), size)));
  for (const text of ['', '\n', '5', '05\n', '+5\n', '5\n\n', ' 5\n', '5\r\n', '9007199254740992\n', '1'.repeat(100)]) {
    assert.throws(() => parseTreeSize(text), { code: 'invalid_add_checkpoint' }, JSON.stringify(text));
  }
});

test('readers of requests and answers answer or throw MerkleLogError, for any bytes', () => {
  const samples = [example, `old 0\n\n${checkpoint}`, '— a AAAAAAA=\n', '17\n', testSigner().verifierKey.name];
  const edit = fc.record({ at: fc.nat(500), remove: fc.nat(4), insert: fc.string({ unit: 'binary', maxLength: 3 }) });
  const nearlyRight = fc
    .tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 3 }))
    .map(([sample, edits]) =>
      edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), sample),
    );
  fc.assert(
    fc.property(fc.oneof(nearlyRight, fc.uint8Array({ maxLength: 200 })), (input) => {
      for (const read of [parseAddCheckpoint, parseCosignatures, parseTreeSize]) {
        try {
          read(input);
        } catch (error) {
          assert.equal(error instanceof Error ? error.name : error, 'MerkleLogError');
        }
      }
    }),
    { numRuns: 200 },
  );
});
