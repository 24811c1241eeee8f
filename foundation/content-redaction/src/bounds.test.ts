import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { createVault, decodedViews, findContent, redact, signalsOf } from './index.ts';
import { apart, made, pem } from './made-up-values-testing.ts';

const million = 1_000_000;

/** Texts that make bad patterns slow: what nearly matches, over and over. */
const repeated: readonly string[] = [
  'a',
  '1',
  '1 ',
  '@',
  'a@',
  'a.',
  'a:a',
  '=',
  'password=',
  'password: "',
  '--token ',
  '://',
  'a://b:c',
  'eyJ',
  'eyJh.',
  `gh${apart('p_')}`,
  'AKIA',
  'sk-',
  'T3BlbkFJ',
  'Q~',
  'AZDO',
  '.atlasv1.',
  '-us',
  ':AA',
  '-----BEGIN ',
  `${apart('-----BEGIN ')}RSA PRIVATE KEY-----`,
  'PuTTY-User-Key-File-',
  '"d"',
  'bearer a',
  'GB29 ',
  'AB12',
  '%41',
  '&#65;',
  '\\u0041',
  '\\',
  '\u200b',
  '\u0410',
  '\u0410a',
  'QUFB',
  '4141',
  'QUFBQUFBQUFBQUFB ',
  `${'A'.repeat(76)}\n`,
  '![',
  '<!--',
  'ignore ',
  'when done ',
  '<secret:aws-key:1.k3f9>',
];

test('ten million characters are looked at, and whatever nearly matches over and over, and neither stack nor memory ends', () => {
  const look = (piece: string, size: number): void => {
    const text = piece.repeat(Math.ceil(size / piece.length));
    assert.ok(findContent(text).found.length <= text.length / 6);
    signalsOf(text);
  };
  for (const piece of repeated) look(piece, 100_000);
  for (const piece of ['a', '\u0410a', `${apart('-----BEGIN ')}RSA PRIVATE KEY-----\u0000`]) look(piece, 10 * million);
});

test('a secret at the end of ten million characters is found', () => {
  const text = `${'lorem ipsum dolor sit amet '.repeat(370_000)}${made.github}`;
  const { found } = findContent(text);
  assert.deepEqual(
    found.map(({ kind, end }) => [kind, end]),
    [['github-token', text.length]],
  );
});

test('what is longer than is looked at is left out of what goes on, and said', () => {
  const vault = createVault({ mark: 'k3f9' });
  const long = 'word '.repeat(3_400_000);
  const { value, isCut } = redact([`${long}${made.awsKey}`, made.awsKey], { vault });
  assert.ok(isCut && Array.isArray(value));
  assert.ok(!JSON.stringify(value).includes(made.awsKey));
  assert.match(String(value[0]).slice(-100), /left out the rest/);
});

test('encodings in encodings end at the third, and are said where there are more', () => {
  const nested = (depth: number): string =>
    Array.from({ length: depth }).reduce<string>((text) => Buffer.from(text).toString('base64'), `k ${made.awsKey}`);
  assert.equal(findContent(nested(3)).found.length, 1);
  assert.equal(findContent(nested(4)).found.length, 0);
  assert.ok(decodedViews(nested(9)).views.length <= 3);
});

test('what unpacks to more than is looked at is not unpacked', () => {
  const bomb = gzipSync(Buffer.alloc(100 * million)).toString('base64');
  assert.ok(bomb.length < million);
  assert.deepEqual(findContent(bomb), { found: [], isCut: true });
  // Many small ones come to the same bound together.
  const many = Array.from({ length: 40 }, (_, index) =>
    gzipSync(`${index} ${'x'.repeat(990_000)}`).toString('base64'),
  ).join(' ');
  const { views, isCut } = decodedViews(many);
  assert.ok(isCut);
  assert.ok(views.reduce((all, { text }) => all + text.length, 0) < 20 * million);
});

test('a megabyte of code or of a lockfile is looked at whole, and what is padded with encoded words is said to be cut', () => {
  const code = `const line = "caf\u00e9 \\n \\u0041 %41 \u2013";\n`.repeat(million / 40);
  assert.equal(findContent(code).isCut, false);
  const lock = Array.from(
    { length: 2500 },
    (_, index) =>
      `"integrity": "sha512-${Buffer.from(`${index}`.repeat(88).slice(0, 64)).toString('base64')}"\n${'x '.repeat(150)}`,
  ).join('\n');
  assert.equal(findContent(lock).isCut, false);
  const words = Array.from({ length: 9000 }, (_, index) => Buffer.from(`the word ${index} of`).toString('base64'));
  const padded = [...words, Buffer.from(`key ${made.awsKey}`).toString('base64')].join(' ');
  assert.equal(findContent(padded).isCut, true);
});

test('values and texts made for each other to be compared for long end, and say so', () => {
  const vault = createVault({ mark: 'k3f9' });
  for (let index = 0; index < 2000; index += 1)
    vault.tokenFor({ class: 'secret', kind: 'password' }, `${'a'.repeat(500)}${index}`);
  const { isCut } = redact('a'.repeat(million), { vault });
  assert.ok(isCut);
});

test('a value of any depth is walked', () => {
  let deep: Parameters<typeof redact>[0] = made.awsKey;
  for (let depth = 0; depth < 200_000; depth += 1) deep = depth % 2 === 0 ? [deep] : { a: deep };
  const { replaced } = redact(deep, { vault: createVault({ mark: 'k3f9' }) });
  assert.equal(replaced, 1);
});

test('many short texts cost what a long one does', () => {
  const texts = Array.from({ length: 200_000 }, (_, index) => (index === 177_777 ? made.awsKey : '@a:=b'));
  const { found } = redact(texts, { vault: createVault({ mark: 'k3f9' }) });
  assert.deepEqual(found, [{ class: 'secret', kind: 'aws-key', count: 1 }]);
});

test('findContent() takes any text, and every place it gives lies in it, in order and apart', () => {
  const parts = fc.constantFrom(...repeated, ...Object.values(made), pem(), ' ', '\n', '"', "'");
  fc.assert(
    fc.property(fc.array(fc.oneof(parts, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 30 }), (pieces) => {
      const text = pieces.join('');
      let last = 0;
      for (const { start, end, kind } of findContent(text, { least: 'low', withMachineAddresses: true }).found) {
        assert.ok(last <= start && start < end && end <= text.length, `${kind} at ${start}-${end}`);
        last = end;
      }
      signalsOf(text);
    }),
    { numRuns: 500 },
  );
});

test('every view says where it stands', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from('%41&#;x\\uA0\u200b\u0410QUFB= ')), maxLength: 200 }),
      (text) => {
        for (const view of decodedViews(text).views) {
          const whole = view.placeOf(0, view.text.length);
          assert.ok(0 <= whole.start && whole.start <= whole.end && whole.end <= text.length);
          for (let at = 0; at < view.text.length; at += 1) {
            const { start, end } = view.placeOf(at, at + 1);
            assert.ok(0 <= start && start <= end && end <= text.length);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
