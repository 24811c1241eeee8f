import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createVault, redact, restore } from './index.ts';
import { hex, made, pem } from './made-up-values-testing.ts';

const vaultOf = (mark = 'k3f9') => createVault({ mark });
const result = {
  stdout: `key ${made.awsKey}\nagain ${made.awsKey}\nother ${made.github}`,
  stderr: '',
  env: [{ name: 'DB_PASSWORD', value: made.password }],
  [`odd ${made.awsKey}`]: 7,
  deep: { list: [null, true, 3.5, pem().split('\n')] },
};

test('redact() puts tokens in place of what it finds, the same for the same, and restore() puts all of it back', () => {
  const vault = vaultOf();
  const { value, found, replaced, isCut } = redact(result, { vault });
  assert.deepEqual(value, {
    stdout: 'key <secret:aws-key:1.k3f9>\nagain <secret:aws-key:1.k3f9>\nother <secret:github-token:2.k3f9>',
    stderr: '',
    env: [{ name: 'DB_PASSWORD', value: '<secret:password:3.k3f9>' }],
    'odd <secret:aws-key:1.k3f9>': 7,
    deep: {
      list: [
        null,
        true,
        3.5,
        pem()
          .split('\n')
          .map((_, line) => `<secret:private-key:${4 + line}.k3f9>`),
      ],
    },
  });
  assert.deepEqual(
    found.map(({ kind, count }) => [kind, count]),
    [
      ['aws-key', 3],
      ['github-token', 1],
      ['password', 1],
      ['private-key', 1],
    ],
  );
  assert.deepEqual([replaced, isCut], [19, false]);
  const back = restore(value, vault);
  assert.deepEqual(back.value, result);
  assert.deepEqual(back.unknown, []);
  // What agents write, they write anew: nothing of a token is a secret.
  assert.deepEqual(redact(value, { vault }), { value, found: [], pieces: [], replaced: 0, isCut: false });
});

test('a token is put back inside other texts, and in none of another session', () => {
  const vault = vaultOf();
  redact(made.awsKey, { vault });
  assert.deepEqual(restore({ command: 'echo "<secret:aws-key:1.k3f9>" > a' }, vault), {
    value: { command: `echo "${made.awsKey}" > a` },
    restored: 1,
    values: [{ class: 'secret', kind: 'aws-key', text: made.awsKey }],
    unknown: [],
  });
  const other = vaultOf('zz11');
  redact(made.github, { vault: other });
  assert.deepEqual(restore('<secret:aws-key:1.k3f9>', other), {
    value: '<secret:aws-key:1.k3f9>',
    restored: 0,
    values: [],
    unknown: ['<secret:aws-key:1.k3f9>'],
  });
  assert.equal(restore('<secret:aws-key:1> <script>', vault).unknown.length, 0, 'what is no token says nothing');
});

test('what gave way is not put back, and restore() says so', () => {
  const vault = createVault({ mark: 'k3f9', maxEntries: 2 });
  const keys = [1, 2, 3].map((seed) => `dapi${hex(32, seed)}`);
  const tokens = keys.map((key) => redact(key, { vault }).value);
  assert.deepEqual(restore([...tokens], vault).unknown, [tokens[0]]);
  const small = createVault({ mark: 'k3f9', maxCharacters: 10 });
  assert.equal(restore(redact(made.awsKey, { vault: small }).value, small).restored, 0);
});

test('what a policy leaves is counted and stays', () => {
  const text = `${made.awsKey} of ${made.email}`;
  const { value, found, replaced } = redact(text, { vault: vaultOf(), replaces: (one) => one.class === 'secret' });
  assert.deepEqual([value, replaced, found.length], [`<secret:aws-key:1.k3f9> of ${made.email}`, 1, 2]);
  assert.equal(redact(text).value, text, 'nothing is replaced without a vault');
});

test('a number can be a card, and a name of a field can be `__proto__`', () => {
  const { value } = redact(JSON.parse(`{"card": ${made.card}, "__proto__": {"a": "${made.awsKey}"}}`), {
    vault: vaultOf(),
  });
  assert.equal(
    JSON.stringify(value),
    '{"card":"<personal:payment-card:1.k3f9>","__proto__":{"a":"<secret:aws-key:2.k3f9>"}}',
  );
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

test('a value that a token stands for is found wherever it stands, longest first, and tokens stay', () => {
  const vault = vaultOf();
  redact({ env: { DB_PASSWORD: made.password, OTHER_PASSWORD: `${made.password}/+Tail9` } }, { vault });
  const bare = `see ${made.password}/+Tail9 or ${made.password}, at x.example/${encodeURIComponent(`${made.password}/+Tail9`)}`;
  assert.deepEqual(redact(bare).found, [], 'without the vault nothing says what it is');
  const { value, found } = redact({ note: bare, token: '<secret:password:1.k3f9>' }, { vault });
  assert.ok(!JSON.stringify(value).includes(made.password), JSON.stringify(value));
  assert.deepEqual(found, [{ class: 'secret', kind: 'password', count: 3 }]);
  assert.deepEqual(restore(value, vault).value, { note: bare, token: made.password });
  // A word of everyday texts is only looked for where somebody says that it was put back.
  const short = { class: 'secret', kind: 'password', text: 'pa55' } as const;
  vault.tokenFor(short, short.text);
  assert.equal(redact('pa55 it on', { vault }).replaced, 0);
  assert.equal(redact('pa55 it on', { vault, known: [short] }).replaced, 1);
});

test('no number of pieces of one class leaves out the other', () => {
  const mails = Array.from({ length: 3000 }, (_, index) => `user${index}@home.example`).join(' ');
  const { pieces } = redact(`${mails} ${made.awsKey} ${made.awsKey}`);
  assert.deepEqual(
    pieces.filter((piece) => piece.class === 'secret'),
    [{ class: 'secret', kind: 'aws-key', text: made.awsKey }],
  );
  assert.equal(pieces.length, 1001);
});

const someSecret = fc.constantFrom(...Object.values(made), pem());
const someText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...Array.from('<>:.="\'\\%&;@-_ \n0aA\u200b\u0410')), maxLength: 60 }),
  fc.tuple(fc.string({ maxLength: 10 }), someSecret, fc.string({ maxLength: 10 })).map((parts) => parts.join(' ')),
  someSecret.map((secret) => Buffer.from(secret).toString('base64')),
);

/** A number that was replaced comes back as its text. */
const withoutNumbers = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'number' ? String(inner) : inner));

test('whatever is redacted comes back as it was, and is found by nobody in between', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.array(someText, { maxLength: 5 }), (shape, texts) => {
      const given = JSON.parse(JSON.stringify({ shape, texts }));
      const vault = vaultOf();
      const { value } = redact(given, { vault });
      assert.deepEqual(withoutNumbers(restore(value, vault).value), withoutNumbers(given));
      const rest = JSON.stringify(value);
      for (const secret of [made.awsKey, made.github, made.ownKey, made.stripe]) assert.ok(!rest.includes(secret));
    }),
    { numRuns: 300 },
  );
});

test('createVault() takes no mark that could be something else', () => {
  for (const mark of ['', 'abc', 'has space', 'UPPER', '1234567890123', 'a>b<'])
    assert.throws(() => createVault({ mark }), /must be 4 to 12/, mark);
});
