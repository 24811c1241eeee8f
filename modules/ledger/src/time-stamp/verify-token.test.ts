// Tokens of a real responder, `openssl ts`, and what an attacker makes of them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startStampingAuthority } from '@sallyport/testing/time-stamp-authority';
import type { StampingAuthority, StampingSigner } from '@sallyport/testing/time-stamp-authority';
import fc from 'fast-check';
import { temporaryDirectory } from '../ledger-testing.ts';
import { findPath, readAuthorities, readCertificate } from './certificate-path.ts';
import { shapeFault } from './der-shape.ts';
import { createTimeStampRequest, readTimeStampAnswer } from './exchange.ts';
import { parseToken } from './parse-token.ts';
import { verifyTimeStampToken } from './verify-token.ts';

const open: StampingAuthority[] = [];
after(() => Promise.all(open.map((authority) => authority.close())));

async function start(signer?: StampingSigner): Promise<StampingAuthority> {
  const authority = await startStampingAuthority(signer);
  open.push(authority);
  return authority;
}

const data = Buffer.from('sallyport/test/1\n42\nroot\n');
const good = await start();
const authorities = readAuthorities(good.rootPem);

async function tokenOf(authority: StampingAuthority, about = data): Promise<{ token: Buffer; nonce: Buffer }> {
  const { request, nonce } = createTimeStampRequest(about, randomBytes);
  const answer = readTimeStampAnswer(await authority.reply(request));
  assert(answer.ok);
  return { token: answer.token, nonce };
}

const reasonOf = (...args: Parameters<typeof verifyTimeStampToken>): string => {
  const result = verifyTimeStampToken(...args);
  return result.ok ? 'verified' : result.reason;
};

const { token, nonce } = await tokenOf(good);
const { statement } = parseToken(token);

test('a token of a real responder verifies to its authority, and OpenSSL takes it for the same', () => {
  const result = verifyTimeStampToken(token, { data, nonce, authorities });
  assert(result.ok, JSON.stringify(result));
  const { stamp } = result;
  assert.equal(stamp.signer.name, 'Stamp signer');
  assert.equal(stamp.authority?.name, 'Stamp root');
  assert.equal(stamp.accuracyMs, 1000);
  assert.ok(Math.abs(stamp.atMs - Date.now()) < 600_000);
  assert.ok(good.verifies(token, data));
  assert.equal(good.verifies(token, Buffer.from('other')), false);
});

for (const [name, signer] of [
  ['RSA', { key: 'rsa' }],
  ['an intermediate authority', { below: 'intermediate' }],
] as const)
  test(`a token with ${name} verifies`, async () => {
    const authority = await start(signer);
    const made = await tokenOf(authority);
    const given = { data, nonce: made.nonce, authorities: readAuthorities(authority.rootPem) };
    assert.equal(reasonOf(made.token, given), 'verified');
  });

test('a signature of RSASSA-PSS verifies', async () => {
  const authority = await start({ key: 'rsa', isPss: true });
  const forged = authority.forge(parseToken((await tokenOf(good)).token).statement);
  assert.equal(reasonOf(forged, { data, authorities: readAuthorities(authority.rootPem) }), 'verified');
});

test('a token about other bytes, of another request, or of an authority nobody gave is refused', async () => {
  assert.equal(reasonOf(token, { data: Buffer.from('other'), nonce, authorities }), 'it is about something else');
  assert.equal(reasonOf(token, { data, nonce: randomBytes(16), authorities }), 'it answers another request');
  const other = await start();
  assert.match(
    reasonOf(token, { data, nonce, authorities: readAuthorities(other.rootPem) }),
    /has not signed the certificate below it|no path leads/,
  );
  assert.equal(
    reasonOf(token, { data, authorities: [] }),
    'no path leads from its certificate to an authority you trust; "Stamp root" issued it',
  );
  const sha512 = Buffer.from(token);
  assert.equal(reasonOf(sha512.subarray(0, -1), { data }), 'an element reaches past its end at byte 0');
});

test('a replayed token is refused for its nonce, whatever it is about', async () => {
  const { request, nonce: fresh } = createTimeStampRequest(data, randomBytes);
  assert.notDeepEqual(request, (await tokenOf(good)).nonce);
  assert.equal(reasonOf(token, { data, nonce: fresh, authorities }), 'it answers another request');
});

for (const [name, signer, reason] of [
  [
    'that may be used for servers too',
    { extensions: ['extendedKeyUsage=critical,timeStamping,serverAuth'] },
    /not for time-stamping alone/,
  ],
  ['for servers', { extensions: ['extendedKeyUsage=critical,serverAuth'] }, /not for time-stamping alone/],
  ['without a purpose', { extensions: ['basicConstraints=critical,CA:FALSE'] }, /not for time-stamping alone/],
  ['whose purpose is not critical', { extensions: ['extendedKeyUsage=timeStamping'] }, /does not insist/],
  [
    'of an authority',
    { extensions: ['basicConstraints=critical,CA:TRUE', 'extendedKeyUsage=critical,timeStamping'] },
    /may not sign time-stamps/,
  ],
  [
    'for agreeing on keys',
    { extensions: ['keyUsage=critical,keyAgreement', 'extendedKeyUsage=critical,timeStamping'] },
    /may not sign time-stamps/,
  ],
  ['that had ended', { days: -1 }, /was not valid at that time/],
  ['whose issuer is no authority', { below: 'bad-intermediate' }, /may not issue others/],
  ['with a key of 1024 bits', { key: 'rsa-1024' }, /must have at least 2048/],
  [
    'with a critical extension nobody knows',
    { extensions: ['extendedKeyUsage=critical,timeStamping', '1.2.3.4=critical,DER:0500'] },
    /not understood here/,
  ],
] as const)
  test(`a token of a signer ${name} is refused`, async () => {
    const authority = await start(signer);
    // Stated after its certificate was made.
    const forged = authority.forge(parseToken((await tokenOf(good)).token).statement);
    assert.match(reasonOf(forged, { data, authorities: readAuthorities(authority.rootPem) }), reason);
  });

test('what another key of the same authority signs is believed, and the same statement of an unknown one is not', async () => {
  const honest = good.forge(statement);
  assert.equal(reasonOf(honest, { data, nonce, authorities }), 'verified');
  const stranger = await start();
  assert.notEqual(reasonOf(stranger.forge(statement), { data, nonce, authorities }), 'verified');
});

test('a signer that names its certificate by SHA-1 is refused', async () => {
  const authority = await start({ namesCertificateBySha1: true });
  const made = await tokenOf(authority);
  assert.match(reasonOf(made.token, { data }), /one attribute "signing-certificate-v2"/);
});

test('a changed byte is refused, or stands where it says nothing', () => {
  const said = verifyTimeStampToken(token, { data, nonce, authorities });
  for (let at = 0; at < token.length; at += 7) {
    const changed = Buffer.from(token);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at & 7));
    const result = verifyTimeStampToken(changed, { data, nonce, authorities });
    if (result.ok) assert.deepEqual(result, said, `byte ${at}`);
  }
});

test('anything at all is a token or is refused with a reason, and never throws', () => {
  const mutated = fc
    .tuple(
      fc.array(fc.tuple(fc.nat(token.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.nat(token.length),
    )
    .map(([changes, cut]) => {
      const bytes = Buffer.from(token);
      for (const [at, value] of changes) bytes[at] = value;
      return cut % 4 === 0 ? bytes.subarray(0, cut) : bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
      const result = verifyTimeStampToken(bytes, { data, authorities });
      if (!result.ok) assert.ok(result.reason.length > 0);
      const answer = readTimeStampAnswer(bytes);
      if (!answer.ok) assert.ok(answer.reason.length > 0);
    }),
    { numRuns: 200 },
  );
});

test('depth, number of parts and lengths are bounded before anything is parsed', () => {
  const nested = (levels: number): Buffer => {
    let bytes = Buffer.from([0x05, 0x00]);
    for (let level = 0; level < levels; level += 1)
      bytes = Buffer.concat([
        bytes.length < 128
          ? Buffer.from([0x30, bytes.length])
          : Buffer.from([0x30, 0x82, bytes.length >> 8, bytes.length & 255]),
        bytes,
      ]);
    return bytes;
  };
  assert.equal(shapeFault(nested(20)), undefined);
  assert.match(shapeFault(nested(5000)) ?? '', /nests more than 32/);
  const many = Buffer.concat([Buffer.from([0x30, 0x82, 0x27, 0x10]), Buffer.alloc(10_000, Buffer.from([0x05, 0x00]))]);
  assert.match(shapeFault(many) ?? '', /more than 4000 parts/);
  assert.match(shapeFault(Buffer.from([0x30, 0x80, 0x05, 0, 0, 0])) ?? '', /indefinite/);
  assert.match(reasonOf(Buffer.alloc(70_000), { data }), /must be at most/);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => shapeFault(bytes) === undefined || true));
});

test('a refusal of the authority is told in its words, without what would act on a terminal', async () => {
  const answer = readTimeStampAnswer(await good.reply(Buffer.from([0x30, 0x03, 0x02, 0x01, 0x01])));
  assert(!answer.ok);
  assert.equal(answer.kind, 'refused');
});

test('certificates that have all signed each other are walked once each, not along every path', (context) => {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const keyFile = join(temporaryDirectory(context), 'key.pem');
  writeFileSync(keyFile, privateKey);
  const made = Array.from({ length: 4 }, (_, order) =>
    readCertificate(
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-new',
          '-key',
          keyFile,
          '-subj',
          '/CN=Circle',
          '-set_serial',
          `${order + 1}`,
          '-outform',
          'DER',
        ],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      ),
    ),
  );
  let checked = 0;
  for (const { x509 } of made) {
    const verify = x509.verify.bind(x509);
    x509.verify = (key) => {
      checked += 1;
      return verify(key);
    };
  }
  const [signer] = made;
  assert.ok(signer !== undefined);
  const found = findPath({ signer, others: made, authorities, atMs: Date.now() });
  assert.equal(found.ok, false);
  assert.ok(checked > 0 && checked <= made.length ** 2, `${checked} signatures were checked`);
  assert.equal(findPath({ signer, others: made, authorities: made.slice(3), atMs: Date.now() }).ok, true);
});
