import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  MerkleLogError,
  createCosigner,
  createVerifierKey,
  evaluateQuorum,
  formatNote,
  formatPolicy,
  formatVerifierKey,
  parseNote,
  parsePolicy,
  proveInclusion,
  formatTlogProof,
  createTileHashAt,
  hashLeaf,
  verifyTlogProof,
} from './index.ts';
import type { Cosigner, VerifierKey } from './index.ts';
import { TEST_ORIGIN, createInMemoryLog, testEntries, testPrivateKey, testSigner } from './testing/in-memory-log.ts';

const log = createInMemoryLog(testEntries(5));
const logKey = formatVerifierKey(testSigner().verifierKey);

function witness(name: string, seed: number): Cosigner {
  return createCosigner({ name: `${name}.example`, privateKey: testPrivateKey(seed) });
}

const witnesses: Readonly<Record<string, Cosigner>> = {
  X1: witness('x1', 11),
  X2: witness('x2', 12),
  X3: witness('x3', 13),
  Y1: witness('y1', 21),
  Y2: witness('y2', 22),
  Y3: witness('y3', 23),
};
const vkeyOf = (name: string): string => {
  const cosigner = witnesses[name];
  assert(cosigner !== undefined);
  return formatVerifierKey(cosigner.verifierKey);
};

/** The example of the specification, with keys. */
const example = `log ${logKey}

witness X1 ${vkeyOf('X1')}
witness X2 ${vkeyOf('X2')}
witness X3 ${vkeyOf('X3')}
group X-witnesses 2 X1 X2 X3

witness Y1 ${vkeyOf('Y1')}
witness Y2 ${vkeyOf('Y2')}
witness Y3 ${vkeyOf('Y3')}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;

function cosignedBy(...names: string[]): string {
  const { text, signatures } = parseNote(log.checkpoint);
  const lines = names.map((name, at) => {
    const cosigner = witnesses[name];
    assert(cosigner !== undefined);
    return cosigner.cosign({ text, timestampSeconds: 1_700_000_000 + at });
  });
  return formatNote({ text, signatures: [...signatures, ...lines] });
}

test('the policy of the specification wants two of X and one of Y', () => {
  const policy = parsePolicy(Buffer.from(example));
  const judge = (...names: string[]): boolean => evaluateQuorum({ policy, checkpoint: cosignedBy(...names) }).ok;
  for (const enough of [
    ['X1', 'X2', 'Y1'],
    ['X1', 'X3', 'Y3'],
    ['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3'],
  ]) {
    assert.equal(judge(...enough), true, enough.join());
  }
  for (const few of [[], ['X1'], ['X1', 'X2'], ['X1', 'X2', 'X3'], ['X1', 'Y1', 'Y2', 'Y3'], ['X1', 'X1', 'Y1']]) {
    assert.equal(judge(...few), false, few.join());
  }
});

test('evaluateQuorum() names who cosigned and when, and who of the quorum did not', () => {
  const policy = parsePolicy(example.replace('quorum X-and-Y', 'quorum X-witnesses'));
  const judged = evaluateQuorum({ policy, checkpoint: cosignedBy('X3', 'X1', 'Y2') });
  assert(judged.ok);
  assert.deepEqual(judged.by, [
    { name: 'X1', timestampSeconds: 1_700_000_001 },
    { name: 'X3', timestampSeconds: 1_700_000_000 },
    { name: 'Y2', timestampSeconds: 1_700_000_002 },
  ]);
  assert.deepEqual(judged.missing, ['X2']);
  assert.equal(judged.checkpoint.treeSize, 5);
  const few = evaluateQuorum({ policy, checkpoint: cosignedBy('X2') });
  assert.deepEqual([few.ok, few.by.length, few.missing], [false, 1, ['X1', 'X3']]);
  assert.deepEqual(evaluateQuorum({ policy, checkpoint: 'x' }).missing, ['X1', 'X2', 'X3']);
});

test('one witness, or none, is a quorum too', () => {
  const one = parsePolicy(`log ${logKey}\nwitness W ${vkeyOf('X1')} https://x1.example/\nquorum W\n`);
  assert.equal(one.witnesses[0]?.url, 'https://x1.example/');
  assert.equal(evaluateQuorum({ policy: one, checkpoint: cosignedBy('X1') }).ok, true);
  assert.equal(evaluateQuorum({ policy: one, checkpoint: cosignedBy('X2') }).ok, false);
  const none = parsePolicy(`log ${logKey}\nquorum none\n`);
  assert.equal(none.quorum, undefined);
  assert.equal(evaluateQuorum({ policy: none, checkpoint: log.checkpoint }).ok, true);
});

test('the checkpoint must be of a log of the policy, under the name in its key', () => {
  const stranger = formatVerifierKey(testSigner(TEST_ORIGIN, 8).verifierKey);
  const misnamed = formatVerifierKey(testSigner('other.example', 7).verifierKey);
  const logKeys = [testSigner().verifierKey];
  for (const key of [stranger, misnamed]) {
    const policy = parsePolicy(`log ${key}\nquorum none\n`);
    assert.equal(evaluateQuorum({ policy, checkpoint: log.checkpoint }).ok, false);
    assert.equal(
      evaluateQuorum({ policy, checkpoint: log.checkpoint, logKeys }).ok,
      false,
      'the policy names its logs',
    );
  }
  const open = parsePolicy(`witness W ${vkeyOf('X1')}\nquorum W\n`);
  const checkpoint = cosignedBy('X1');
  assert.equal(evaluateQuorum({ policy: open, checkpoint, logKeys }).ok, true);
  assert.equal(evaluateQuorum({ policy: open, checkpoint }).ok, false);
  const asLog = [witnesses['X1']?.verifierKey].filter((key) => key !== undefined);
  assert.equal(evaluateQuorum({ policy: open, checkpoint, logKeys: asLog }).ok, false, 'a witness is no log');
});

test('a wrong cosignature of a known witness spoils the checkpoint, one of a stranger does not', () => {
  const policy = parsePolicy(`log ${logKey}\nwitness W ${vkeyOf('X1')}\nquorum none\n`);
  const { text, signatures } = parseNote(cosignedBy('X1', 'X2'));
  const spoil = (at: number): string =>
    formatNote({
      text,
      signatures: signatures.map((one, index) =>
        index === at ? { ...one, signature: one.signature.map((byte) => byte ^ 1) } : one,
      ),
    });
  assert.equal(evaluateQuorum({ policy, checkpoint: spoil(1) }).ok, false);
  assert.equal(evaluateQuorum({ policy, checkpoint: spoil(2) }).ok, true);
});

test('verifyTlogProof() can be told to demand a policy', () => {
  const hashAt = createTileHashAt({ treeSize: 5, tileAt: log.tileAt });
  const proof = proveInclusion({ index: 2, treeSize: 5, hashAt });
  const claim = { leafHash: hashLeaf(testEntries(5)[2] ?? Buffer.alloc(0)), origin: TEST_ORIGIN, verifierKeys: [] };
  const policy = parsePolicy(example);
  const whole = formatTlogProof({ index: 2, proof, checkpoint: cosignedBy('X1', 'X2', 'Y1') });
  const verified = verifyTlogProof({ ...claim, tlogProof: whole, policy });
  assert(verified.ok);
  assert.deepEqual(
    verified.quorum?.by.map(({ name }) => name),
    ['X1', 'X2', 'Y1'],
  );
  const few = formatTlogProof({ index: 2, proof, checkpoint: cosignedBy('X1', 'Y1') });
  assert.equal(verifyTlogProof({ ...claim, tlogProof: few, policy }).ok, false);
  const keys = { ...claim, verifierKeys: [testSigner().verifierKey] };
  assert.equal(verifyTlogProof({ ...keys, tlogProof: few }).ok, true, 'without a policy the log alone is enough');
  assert.equal(verifyTlogProof({ ...keys, tlogProof: few, policy }).ok, false);
  assert.equal(verifyTlogProof({ ...claim, origin: 'other.example', tlogProof: whole, policy }).ok, false);
});

test('spaces, tabs, comments and octets beyond ASCII are read as the specification says', () => {
  const policy = parsePolicy(
    Buffer.concat([
      Buffer.from(`\n \t\n# a comment\n  \t# another one\n\twitness  K\t${vkeyOf('X1')} \n`),
      Buffer.from(`witness \u212a ${vkeyOf('X2')} https://bücher.example/\n`),
      Buffer.concat([Buffer.from('witness '), Uint8Array.of(0xe9), Buffer.from(` ${vkeyOf('X3')}\n`)]),
      Buffer.from(`witness é ${vkeyOf('Y1')}\ngroup all all K \u212a\nquorum all\n`),
    ]),
  );
  assert.deepEqual(
    policy.witnesses.map(({ name }) => name),
    ['K', '\u212a', '\udce9', 'é'],
  );
  assert.equal(policy.witnesses[1]?.url, 'https://bücher.example/');
  assert.deepEqual(policy.groups, [{ name: 'all', threshold: 2, members: ['K', '\u212a'] }]);
});

test('parsePolicy() refuses every other form, and says in which line', () => {
  const w = `witness W ${vkeyOf('X1')}\n`;
  const sameKey = createVerifierKey({ kind: 'cosignature/v1', name: 'again', publicKey: keyOf('X1').publicKey });
  for (const [what, text, line] of [
    ['no quorum', w, undefined],
    ['nothing', '', undefined],
    ['no final newline', 'quorum none', undefined],
    ['two quorums', 'quorum none\nquorum none\n', 2],
    ['an unknown word', 'quorum none\nsite W\n', 2],
    ['a quorum nobody defined', 'quorum W\n', 1],
    ['a quorum defined later', `quorum W\n${w}`, 1],
    ['a quorum of two', `${w}quorum W W\n`, 2],
    ['a carriage return', 'quorum none\r\n', 1],
    ['a control character', '# \u0000\nquorum none\n', 1],
    ['a deleted character', '# \u007f\nquorum none\n', 1],
    ['a log without key', 'log\nquorum none\n', 1],
    ['a log with three words', `log ${logKey} https://a b\nquorum none\n`, 1],
    ['a log with the key of a witness', `log ${vkeyOf('X1')}\nquorum none\n`, 1],
    ['a witness with the key of a log', `witness W ${logKey}\nquorum W\n`, 1],
    ['a witness without key', 'witness W\nquorum none\n', 1],
    ['a key of another type', 'log a+00000000+AsAA\nquorum none\n', 1],
    ['the same log twice', `log ${logKey}\nlog ${logKey}\nquorum none\n`, 2],
    ['the same key twice', `${w}witness V ${formatVerifierKey(sameKey)}\nquorum W\n`, 2],
    ['the same name twice', `${w}witness W ${vkeyOf('X2')}\nquorum W\n`, 2],
    ['a group with the name of a witness', `${w}group W any W\nquorum W\n`, 2],
    ['a witness called none', `witness none ${vkeyOf('X1')}\nquorum none\n`, 1],
    ['none as a member', `${w}group G any none\nquorum G\n`, 2],
    ['a group without members', `${w}group G any\nquorum W\n`, 2],
    ['a group of itself', `${w}group G any W G\nquorum G\n`, 2],
    ['a member twice', `${w}group G any W W\nquorum G\n`, 2],
    ['a member of two groups', `${w}group G any W\ngroup H any W\nquorum G\n`, 3],
    ['a threshold of 0', `${w}group G 0 W\nquorum G\n`, 2],
    ['a threshold above the members', `${w}group G 2 W\nquorum G\n`, 2],
    ['a threshold with a leading zero', `${w}group G 01 W\nquorum G\n`, 2],
    ['a group without threshold', `${w}group G W\nquorum G\n`, 2],
  ] as const) {
    assert.throws(
      () => parsePolicy(text),
      (error) => error instanceof MerkleLogError && error.code === 'invalid_policy' && error.details['line'] === line,
      what,
    );
  }
  assert.throws(() => parsePolicy(`#${' '.repeat(1024 * 1024)}\nquorum none\n`), { code: 'invalid_policy' });
});

function keyOf(name: string): VerifierKey {
  const cosigner = witnesses[name];
  assert(cosigner !== undefined);
  return cosigner.verifierKey;
}

test('two keys that share name and key ID are refused: their signatures could not be told apart', () => {
  const key = keyOf('X1');
  // What an attacker gets who tries keys until the four bytes agree.
  const twin = { ...keyOf('X2'), name: key.name, keyId: key.keyId };
  const policy = { logs: [], groups: [], quorum: undefined };
  const witnessesOf = [
    { name: 'A', verifierKey: key },
    { name: 'B', verifierKey: twin },
  ];
  assert.throws(() => formatPolicy({ ...policy, witnesses: witnessesOf }), { code: 'invalid_policy' });
});

test('a policy of 32 logs, witnesses and groups is read', () => {
  const lines = Array.from({ length: 32 }, (_, at) => [
    `log ${formatVerifierKey(testSigner(`log${at}.example`, at + 1).verifierKey)}`,
    `witness W${at} ${formatVerifierKey(witness(`w${at}`, at + 1).verifierKey)}`,
    `group G${at} any W${at}${at === 0 ? '' : ` G${at - 1}`}`,
  ]);
  const policy = parsePolicy(`${lines.flat().join('\n')}\nquorum G31\n`);
  assert.deepEqual([policy.logs.length, policy.witnesses.length, policy.groups.length], [32, 32, 32]);
});

test('what formatPolicy() makes, parsePolicy() reads', () => {
  const policy = parsePolicy(example);
  const text = formatPolicy(policy);
  assert.deepEqual(parsePolicy(text), policy);
  assert.equal(formatPolicy(parsePolicy(text)), text);
  for (const name of ['', 'a b', 'a\nquorum none', '#a b', 'none', '\udce9']) {
    const one = { ...policy, groups: [], quorum: undefined, witnesses: [{ name, verifierKey: keyOf('X1') }] };
    assert.throws(() => formatPolicy(one), { code: 'invalid_policy' }, JSON.stringify(name));
  }
});

test('parsePolicy() answers or throws MerkleLogError, for any bytes', () => {
  const edit = fc.record({
    at: fc.nat(example.length),
    remove: fc.nat(20),
    insert: fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom('\n', '\t', 'group ', ' 2 ', 'quorum none\n', '\u00e9'),
    ),
  });
  const nearlyRight = fc
    .array(edit, { maxLength: 3 })
    .map((edits) =>
      edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), example),
    );
  fc.assert(
    fc.property(fc.oneof(nearlyRight, fc.uint8Array({ maxLength: 100 })), (input) => {
      try {
        const policy = parsePolicy(input);
        assert.equal(evaluateQuorum({ policy, checkpoint: 'x' }).ok, false);
      } catch (error) {
        assert(error instanceof MerkleLogError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
