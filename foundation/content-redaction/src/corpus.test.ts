import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { findContent } from './index.ts';
import { apart, hex, jwt, made, pem, signs, wide } from './made-up-values-testing.ts';

/** A text, and the pieces that are to be found in it with their kinds, in order. */
type Row = readonly [name: string, text: string, ...found: (readonly [kind: string, piece: string])[]];

const putty = `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 2\n${signs(64)}\nPrivate-Lines: 1\n${signs(48)}\nPrivate-MAC: ${hex(64)}`;

const secrets: readonly Row[] = [
  ['an AWS key in a sentence', `the key is ${made.awsKey}.`, ['aws-key', made.awsKey]],
  ['an AWS secret by its name', `AWS_SECRET_ACCESS_KEY=${made.awsSecret}\n`, ['aws-secret', made.awsSecret]],
  ['GitHub', `token ${made.github}`, ['github-token', made.github]],
  ['GitHub, fine-grained', `"${made.githubFine}"`, ['github-token', made.githubFine]],
  ['GitHub in an address', `https://x:${made.github}@github.com/a/b`, ['github-token', made.github]],
  ['GitLab', made.gitlab, ['gitlab-token', made.gitlab]],
  ['Slack', `SLACK ${made.slack}`, ['slack-token', made.slack]],
  ['a Slack address', made.slackHook, ['slack-webhook', made.slackHook.slice('https://'.length)]],
  ['Stripe', `(${made.stripe})`, ['stripe-key', made.stripe]],
  ['Google', `key=${made.google}&x=1`, ['google-key', made.google]],
  ['Azure storage', `Endpoint;${made.azure};x`, ['azure-key', made.azure]],
  ['Azure application', `is ${made.azureApp} here`, ['azure-key', made.azureApp]],
  ['npm', `//registry/:_authToken=${made.npm}`, ['npm-token', made.npm]],
  ['PyPI', made.pypi, ['pypi-token', made.pypi]],
  ['OpenAI', `OPENAI ${made.openai}`, ['openai-key', made.openai]],
  ['Anthropic', made.anthropic, ['anthropic-key', made.anthropic]],
  ['Hugging Face', made.huggingface, ['huggingface-token', made.huggingface]],
  ['SendGrid', made.sendgrid, ['sendgrid-key', made.sendgrid]],
  ['Telegram', `bot ${made.telegram}`, ['telegram-token', made.telegram]],
  ['Vault', made.vault, ['vault-token', made.vault]],
  ['Terraform', made.terraform, ['terraform-token', made.terraform]],
  ['age', made.age, ['age-key', made.age]],
  ['a run of ours', `SALLYPORT_AGENT_TOKEN ${made.ownAgent}`, ['sallyport-token', made.ownAgent]],
  ['an API key of ours', made.ownKey, ['sallyport-token', made.ownKey]],
  ['a private key', `before\n${pem()}\nafter`, ['private-key', pem()]],
  ['OpenSSH', pem('OPENSSH PRIVATE KEY', 6), ['private-key', pem('OPENSSH PRIVATE KEY', 6)]],
  ['a private key in JSON', JSON.stringify({ k: pem() }), ['private-key', JSON.stringify(pem()).slice(1, -1)]],
  ['a private key that is cut off', pem().slice(0, 300), ['private-key', pem().slice(0, 300)]],
  ['PuTTY', putty, ['private-key', signs(48)]],
  [
    'a JSON Web Key',
    JSON.stringify({ kty: 'EC', crv: 'P-256', x: wide(43), d: wide(43, 3) }),
    ['private-key', wide(43, 3)],
  ],
  ['a JSON Web Token', `Cookie: x=1; t=${jwt()}`, ['jwt', jwt()]],
  ['a bearer', `curl -H "Authorization: Bearer ${wide(40)}"`, ['bearer-token', wide(40)]],
  [
    'a user and a password for a server',
    `Authorization: Basic ${Buffer.from('ann:open sesame').toString('base64')}`,
    ['basic-auth', Buffer.from('ann:open sesame').toString('base64')],
  ],
  ['a database', `postgres://app:${made.password}@db/app`, ['database-password', made.password]],
  ['a database of another kind', `mongodb+srv://app:s3cr-9a@c.example/x`, ['database-password', 's3cr-9a']],
  ['a line of settings', `DB_PASSWORD=${made.password}\nDB_HOST=x`, ['password', made.password]],
  ['a name in JSON', `{"clientSecret": "${wide(32)}"}`, ['secret', wide(32)]],
  ['a name in YAML', `api_key: ${hex(32)}\n`, ['secret', hex(32)]],
  ['an option', `deploy --token ${wide(32)} --now`, ['token', wide(32)]],
  ['an element of XML', `<apiToken>${wide(32)}</apiToken>`, ['token', wide(32)]],
  ['a variable of a program', `const apiKey = '${wide(32)}';`, ['secret', wide(32)]],
  ['export', `export JWT_SECRET="${wide(40)}"`, ['token', wide(40)]],
  [
    'seeds of codes',
    `otpauth://totp/x?secret=${signs(32, 'ABCDEFGHIJKLMNOP234567')}&issuer=y`,
    ['one-time-code-seed', `otpauth://totp/x?secret=${signs(32, 'ABCDEFGHIJKLMNOP234567')}&issuer=y`],
  ],
  [
    'the hash of a password',
    `ann:$2b$${apart('12$')}${signs(53, './ABCDEFGHIJabcdefghij0123456789')}`,
    ['password-hash', `$2b$${apart('12$')}${signs(53, './ABCDEFGHIJabcdefghij0123456789')}`],
  ],
];

const spaced = (text: string, at: readonly number[], by = ' '): string =>
  at.reduceRight((rest, place) => `${rest.slice(0, place)}${by}${rest.slice(place)}`, text);

const personal: readonly Row[] = [
  ['e-mail', `write to ${made.email}, please`, ['email', made.email]],
  ['e-mail in brackets', `Ann <${made.email}>`, ['email', made.email]],
  ['telephone', 'call +44 20 7946 0958 now', ['phone', '+44 20 7946 0958']],
  ['telephone by a word', 'Tel: (020) 7946 0958', ['phone', '(020) 7946 0958']],
  ['an account', `pay ${made.iban} today`, ['iban', made.iban]],
  [
    'an account in groups',
    `pay ${spaced(made.iban, [4, 8, 12, 16, 20])} today`,
    ['iban', spaced(made.iban, [4, 8, 12, 16, 20])],
  ],
  ['a card', `card ${made.card}`, ['payment-card', made.card]],
  ['a card in groups', spaced(made.card, [4, 8, 12]), ['payment-card', spaced(made.card, [4, 8, 12])]],
  ['a card and its date', `${spaced(made.card, [4, 8, 12])} 12/29`, ['payment-card', spaced(made.card, [4, 8, 12])]],
  ['American Express', `amex 3782${apart(' 822463')} 10005`, ['payment-card', `3782${apart(' 822463')} 10005`]],
  ['Aadhaar', `Aadhaar 2345${apart(' 6789')} 0124`, ['national-id-aadhaar', `2345${apart(' 6789')} 0124`]],
  ['PAN', `PAN: ABCP${apart('L1234')}C`, ['national-id-pan-india', `ABCP${apart('L1234')}C`]],
  ['social security', `SSN 219${apart('-09-')}9999`, ['national-id-us-ssn', `219${apart('-09-')}9999`]],
  ['NHS', `NHS number 943${apart(' 476')} 5919`, ['national-id-uk-nhs', `943${apart(' 476')} 5919`]],
  [
    'national insurance',
    `National Insurance QQ`.replace('QQ', `AB ${apart('12 34')} 56 C`),
    ['national-id-uk-nino', `AB ${apart('12 34')} 56 C`],
  ],
  ['a German tax number', `Steuer-ID 86095${apart('742719')}`, ['national-id-de-tax-id', `86095${apart('742719')}`]],
  ['a French number', `2 55 08 ${apart('14 168')} 025 38`, ['national-id-fr-nir', `2 55 08 ${apart('14 168')} 025 38`]],
  ['DNI', `el ${apart('12345678')}Z es`, ['national-id-es-dni', `${apart('12345678')}Z`]],
  ['an Italian code', `RSSMRA${apart('85T10A')}562S`, ['national-id-it-fiscal-code', `RSSMRA${apart('85T10A')}562S`]],
  ['BSN', `BSN: 111${apart('222')}333`, ['national-id-nl-bsn', `111${apart('222')}333`]],
  ['PESEL', `PESEL 440514${apart('01359')}`, ['national-id-pl-pesel', `440514${apart('01359')}`]],
  ['CPF', `CPF 529.982${apart('.247-25')}`, ['national-id-br-cpf', `529.982${apart('.247-25')}`]],
  [
    'a Swedish number',
    `personnummer 811218${apart('-9876')}`,
    ['national-id-se-personal-number', `811218${apart('-9876')}`],
  ],
];

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const line = `AWS_KEY=${made.awsKey}; mail ${made.email}`;
const percent = (text: string): string =>
  Array.from(text)
    .map((sign) => `%${sign.codePointAt(0)?.toString(16).padStart(2, '0')}`)
    .join('');

/** What was encoded is one piece. */
const encoded: readonly Row[] = [
  ['base64', `x ${base64(line)} y`, ['aws-key', base64(line)]],
  [
    'base64 for addresses',
    `x=${Buffer.from(line).toString('base64url')}`,
    ['aws-key', Buffer.from(line).toString('base64url')],
  ],
  [
    'base64 in lines',
    spaced(base64(line.repeat(3)), [76, 152], '\n'),
    ['aws-key', spaced(base64(line.repeat(3)), [76, 152], '\n')],
  ],
  [
    'base64 of UTF-16, as PowerShell takes it',
    Buffer.from(line, 'utf16le').toString('base64'),
    ['aws-key', Buffer.from(line, 'utf16le').toString('base64')],
  ],
  ['hexadecimal', Buffer.from(line).toString('hex'), ['aws-key', Buffer.from(line).toString('hex')]],
  ['twice base64', base64(base64(line)), ['aws-key', base64(base64(line))]],
  [
    'base64 in hexadecimal in base64',
    base64(Buffer.from(base64(line)).toString('hex')),
    ['aws-key', base64(Buffer.from(base64(line)).toString('hex'))],
  ],
  ['packed', gzipSync(line).toString('base64'), ['aws-key', gzipSync(line).toString('base64')]],
  [
    'bytes around it',
    Buffer.from(`\0\u0001${line}\0`).toString('base64'),
    ['aws-key', Buffer.from(`\0\u0001${line}\0`).toString('base64')],
  ],
  ['percent', `a ${percent(made.github)} b`, ['github-token', percent(made.github)]],
  [
    'a part of it in percent',
    `${made.github.slice(0, 5)}%${made.github.codePointAt(5)?.toString(16)}${made.github.slice(6)}`,
    ['github-token', `${made.github.slice(0, 5)}%${made.github.codePointAt(5)?.toString(16)}${made.github.slice(6)}`],
  ],
  ['entities', `ann.lee&#64;home&period;example`, ['email', 'ann.lee&#64;home&period;example']],
  ['escapes', `"\\u0041${made.awsKey.slice(1)}"`, ['aws-key', `\\u0041${made.awsKey.slice(1)}`]],
  [
    'invisible characters',
    `k ${spaced(made.awsKey, [3, 9], '\u200b')} k`,
    ['aws-key', spaced(made.awsKey, [3, 9], '\u200b')],
  ],
  ['look-alikes', `k \u0410${made.awsKey.slice(1)} k`, ['aws-key', `\u0410${made.awsKey.slice(1)}`]],
  [
    'full width',
    Array.from(made.awsKey)
      .map((sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0))
      .join(''),
    [
      'aws-key',
      Array.from(made.awsKey)
        .map((sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0))
        .join(''),
    ],
  ],
];

for (const [what, rows] of Object.entries({ secrets, personal, encoded })) {
  test(`each of the ${what} of the corpus is found where it stands, with its kind and why`, () => {
    for (const [name, text, ...expected] of rows) {
      const { found } = findContent(text);
      const pieces = found.map(({ kind, start, end }) => [kind, text.slice(start, end)]);
      assert.deepEqual(pieces, expected, name);
      for (const { why, layers } of found) {
        assert.ok(why.length > 10, name);
        assert.equal(layers.length > 0, what === 'encoded', name);
        for (const [, piece] of expected) assert.ok(!why.includes(piece), `${name}: the reason holds the value`);
      }
    }
  });
}

const harmless: readonly string[] = [
  'The quick brown fox jumps over the lazy dog, 12 times, on 2026-11-23 at 07:25.',
  `commit ${hex(40)}\nAuthor: somebody\n`,
  `"integrity": "sha512-${signs(86, '0123456789ABCDEFabcdef+/')}=="`,
  'const token = tokenizer.next(); password: string; secretName: my-secret-name',
  'password = os.environ["DB_PASSWORD"]; api_key=${API_KEY}; TOKEN=$(cat token)',
  'const secret = await getSecretValue(name); auth: config.auth.token',
  'token_type: bearer, max_tokens: 4096, tokens: 18237465, next_page_token: abcdefgh',
  'The password is required. Password: must be at least 12 characters',
  'Bearer tokens are sent in a header. Basic authentication is not.',
  `AK${apart('IA')}IOSFODNN7EXAMPLE and gh${apart('p_')}${'x'.repeat(36)} stand in documents`,
  'postgres://user:password@localhost/db and https://user:$PASSWORD@host',
  'API_KEY=your-api-key-here SECRET_KEY=changeme_please_1234 TOKEN=<token>',
  'uuid 123e4567-e89b-12d3-a456-426614174000, trace 4bf92f3577b34da6a3ce929d0e0e4736',
  'id 1234567890123456, at 1763882725123456, order 4000000000000000',
  'version 1.2.3.4567890123, 10.0.0.12:8443, ratio 0.1234567890123',
  'see RFC 6749, ISO 13616, pages 1000-2000, 555 1234',
  `GB00NWBK60161331926819 and ${apart('4111')}111111111112 have wrong check digits`,
  'npm install @scope/name@1.2.3; git@github.com:owner/repo.git; user@host',
  `data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==`,
  'public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1n8mYzCJdB3x4Q9w7Vt1c5LkPq0uFzR2hYsGeXoTbA ann',
  `-----BEGIN CERTIFICATE-----\n${signs(64)}\n-----END CERTIFICATE-----`,
  'grep -n "-----BEGIN RSA PRIVATE KEY-----" *.pem',
  'Кириллица и ελληνικά остаются словами, 电话 and 日本語 too',
  'keys: a, b; keyboard: qwerty; monkey: 7; primary_key: id; foreign_key=user_id; key_id: abc123def456',
  'passenger: 4; compass=north; tokenizer: bpe; author: Ann Lee; authority: none',
  'session_timeout: 3600; cookie_policy: strict; secrets: []; salt_length=16',
];

test('what only looks like it is left alone', () => {
  for (const text of harmless) assert.deepEqual(findContent(text).found, [], text);
});
