import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientAuth, encrypted, issue } from './certificates.fixture.ts';
import {
  CertificateError,
  checkCertificate,
  openChain,
  sealChain,
  tlsMaterial,
  type CertificateErrorCode,
} from './index.ts';
import { isOpenedSoon } from './key-encryption.ts';
import { pemBlocks } from './pem-blocks.ts';

const dayMs = 24 * 60 * 60 * 1000;
const names = ['gate.example.test'];
const root = await issue({ name: 'Root', isAuthority: true });
const middle = await issue({ name: 'Middle', issuer: root, isAuthority: true });
const leaf = await issue({ name: 'gate', issuer: middle, names });

const check = (
  chain: string,
  key: string,
  wanted: { names?: readonly string[]; nowMs?: number; passphrase?: string } = {},
) =>
  checkCertificate(
    { chain, key, passphrase: wanted.passphrase },
    { names: wanted.names ?? names, nowMs: wanted.nowMs ?? Date.now() },
  );

function refuses(code: CertificateErrorCode, attempt: () => unknown): void {
  assert.throws(attempt, (error) => {
    assert.ok(error instanceof CertificateError, String(error));
    assert.equal(error.code, code, error.message);
    assert.doesNotMatch(`${error.message} ${error.hint ?? ''} ${JSON.stringify(error.details)}`, /MIG|MII/);
    return true;
  });
}

test('a certificate, its chain in any order and its key are taken; the root is left out', () => {
  for (const text of [leaf.pem + middle.pem, middle.pem + leaf.pem, root.pem + middle.pem + leaf.pem]) {
    const { certificate, issuers } = check(text, leaf.keyPem);
    assert.deepEqual(
      [certificate, ...issuers].map(({ subject }) => subject),
      ['CN=gate', 'CN=Middle'],
    );
  }
});

test('one file with everything in it will do, and notes around the blocks', () => {
  const file = `Bag Attributes\r\n  friendlyName: gate\r\n${leaf.keyPem.replaceAll('\n', '\r\n')}subject=CN = gate\n${leaf.pem}${middle.pem}`;
  assert.equal(check(file, '').issuers.length, 1);
});

test('an encrypted key opens with its passphrase and with no other', () => {
  const key = encrypted(leaf.keyPem, 'open sesame');
  assert.equal(check(leaf.pem, key, { passphrase: 'open sesame' }).certificate.subject, 'CN=gate');
  refuses('private_key_encrypted', () => check(leaf.pem, key));
  refuses('private_key_encrypted', () => check(leaf.pem, key, { passphrase: 'open' }));
});

/** DER of one element. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const head = content.length < 0x80 ? [tag, content.length] : [tag, 0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
const object = (hex: string): Buffer => der(6, Buffer.from(hex, 'hex'));
const integer = (value: number): Buffer => {
  // Positive, so the first bit is 0; shortest form, or it is refused for that.
  const length = Math.floor(Math.log2(value) / 8 + 1 / 8) + 1;
  return der(2, Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex'));
};
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const octets = (length: number): Buffer => der(4, Buffer.alloc(length, 7));

/** An encrypted key (PBES2) with AES-256-CBC and the given way from passphrase to key. */
function encryptedBy(kdf: Buffer): Buffer {
  const cipher = sequence(object('60864801650304012a'), octets(16));
  return sequence(sequence(object('2a864886f70d01050d'), sequence(kdf, cipher)), octets(144));
}
const pbkdf2 = (iterations: number): Buffer =>
  encryptedBy(sequence(object('2a864886f70d01050c'), sequence(octets(16), integer(iterations))));
const scrypt = (cost: number, blockSize: number, parallelism: number): Buffer =>
  encryptedBy(
    sequence(
      object('2b06010401da47040b'),
      sequence(octets(16), integer(cost), integer(blockSize), integer(parallelism)),
    ),
  );
const encryptedPem = (bytes: Buffer): string =>
  `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;

test('a key whose passphrase is to be hashed for half an hour is refused at once', () => {
  for (const bytes of [pbkdf2(0x7fffffff), scrypt(2 ** 17, 1, 2 ** 16), Buffer.alloc(0), Buffer.alloc(40, 1)])
    refuses('private_key_unreadable', () => check(leaf.pem, encryptedPem(bytes), { passphrase: 'open' }));
  // It is the cost that is refused, not the form.
  for (const bytes of [pbkdf2(600_000), scrypt(16_384, 8, 1)])
    refuses('private_key_encrypted', () => check(leaf.pem, encryptedPem(bytes), { passphrase: 'open' }));
});

test('the cost of opening a key is told from its head, whatever the bytes', () => {
  assert.equal(isOpenedSoon(pbkdf2(5_000_000)), true);
  assert.equal(isOpenedSoon(pbkdf2(5_000_001)), false);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(typeof isOpenedSoon(bytes), 'boolean');
      assert.equal(typeof isOpenedSoon(sequence(sequence(Buffer.from(bytes)))), 'boolean');
    }),
  );
});

test('a key of another certificate, none, two and a damaged one are refused', () => {
  refuses('certificate_key_mismatch', () => check(leaf.pem + middle.pem, root.keyPem));
  refuses('private_key_unreadable', () => check(leaf.pem, ''));
  refuses('private_key_unreadable', () => check(leaf.pem, leaf.keyPem + middle.keyPem));
  refuses('private_key_unreadable', () => check(leaf.pem, leaf.keyPem.replace('MIG', 'MIX')));
});

test('a certificate that is none, is missing or is damaged is refused', () => {
  refuses('certificate_unreadable', () => check('', leaf.keyPem));
  refuses('certificate_unreadable', () => check('hello', leaf.keyPem));
  refuses('certificate_unreadable', () => check(leaf.pem.replace('MII', 'MIX'), leaf.keyPem));
  refuses('certificate_unreadable', () => check(leaf.pem.repeat(11), leaf.keyPem));
});

test('a stranger in the chain and one that only claims to have signed are refused', async () => {
  const stranger = await issue({ name: 'Stranger', isAuthority: true });
  refuses('certificate_chain_broken', () => check(leaf.pem + stranger.pem, leaf.keyPem));
  const pretender = await issue({ name: 'Middle', isAuthority: true });
  refuses('certificate_chain_broken', () => check(leaf.pem + pretender.pem, leaf.keyPem));
  refuses('certificate_chain_broken', () => check(leaf.pem + root.pem, leaf.keyPem));
});

test('an authority’s certificate, one for clients and one for other names do not serve', async () => {
  refuses('certificate_is_authority', () => check(middle.pem, middle.keyPem));
  const client = await issue({ name: 'gate', issuer: middle, names, usage: clientAuth });
  refuses('certificate_not_for_servers', () => check(client.pem, client.keyPem));
  refuses('certificate_names_missing', () =>
    check(leaf.pem, leaf.keyPem, { names: ['gate.example.test', 'other.example.test'] }),
  );
  // The common name is no name (RFC 9525).
  const nameless = await issue({ name: 'gate.example.test', issuer: middle });
  refuses('certificate_names_missing', () => check(nameless.pem, nameless.keyPem));
});

test('a wildcard is for one label below it', async () => {
  const wild = await issue({ name: 'wild', issuer: middle, names: ['*.example.test'] });
  assert.ok(check(wild.pem, wild.keyPem));
  refuses('certificate_names_missing', () => check(wild.pem, wild.keyPem, { names: ['a.b.example.test'] }));
});

test('expired, not yet valid, and an expired link in the chain are refused', async () => {
  refuses('certificate_expired', () => check(leaf.pem, leaf.keyPem, { nowMs: Date.now() + 90 * dayMs }));
  refuses('certificate_not_yet_valid', () => check(leaf.pem, leaf.keyPem, { nowMs: Date.now() - 2 * dayMs }));
  const old = await issue({ name: 'Old', issuer: root, isAuthority: true, lifeMs: dayMs / 2 });
  const under = await issue({ name: 'gate', issuer: old, names });
  refuses('certificate_expired', () => check(under.pem + old.pem, under.keyPem));
});

test('weak keys and kinds browsers do not know are refused, strong ones taken', async () => {
  const rsa = (modulusLength: number) => ({
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  });
  const weak = await issue({ name: 'gate', issuer: middle, names, algorithm: rsa(1024) });
  refuses('certificate_key_weak', () => check(weak.pem, weak.keyPem));
  const strong = await issue({ name: 'gate', issuer: middle, names, algorithm: rsa(2048) });
  assert.ok(check(strong.pem, strong.keyPem));
  const p384 = await issue({ name: 'gate', issuer: middle, names, algorithm: { name: 'ECDSA', namedCurve: 'P-384' } });
  assert.ok(check(p384.pem, p384.keyPem));
  const { privateKey } = generateKeyPairSync('ed25519');
  refuses('certificate_key_mismatch', () =>
    check(leaf.pem, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
  );
});

test('whatever the text, the answer is a chain or a coded error that quotes no key', () => {
  const whole = leaf.pem + middle.pem + leaf.keyPem;
  const damage = fc.array(
    fc.tuple(fc.nat(whole.length - 1), fc.constantFrom('', '-', 'A', '\n', '\0', '=', leaf.pem)),
    {
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        damage.map((cuts) => cuts.reduce((text, [at, put]) => text.slice(0, at) + put + text.slice(at + 1), whole)),
      ),
      (text) => {
        try {
          check(text, '');
        } catch (error) {
          assert.ok(error instanceof CertificateError, String(error));
          assert.doesNotMatch(
            `${error.message}${error.hint ?? ''}${JSON.stringify(error.details)}`,
            /[A-Za-z0-9+/]{60}/,
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a block that is not closed, or closed by another’s end, is none', () => {
  assert.deepEqual(pemBlocks('-----BEGIN CERTIFICATE-----\n'.repeat(5000)), []);
  assert.deepEqual(pemBlocks('-----BEGIN A-----\nx\n-----END B-----\n-----END A-----'), []);
  const nested = '-----BEGIN A-----\n-----BEGIN B-----\nx\n-----END B-----\n-----END A-----';
  assert.deepEqual(
    pemBlocks(nested).map(({ label }) => label),
    ['B'],
  );
});

test('what is sealed is opened again, and a damaged entry is said to be one', async () => {
  const sealed = new Map<string, Uint8Array>();
  const secrets = {
    open: async (name: string) => sealed.get(name),
    seal: async (name: string, bytes: Uint8Array) => void sealed.set(name, Uint8Array.from(bytes)),
  };
  assert.equal(await openChain(secrets, 'own'), undefined);
  await sealChain(secrets, 'own', check(leaf.pem + middle.pem, leaf.keyPem));
  const opened = await openChain(secrets, 'own');
  assert.ok(opened !== undefined);
  assert.equal(tlsMaterial(opened).cert, tlsMaterial(check(leaf.pem + middle.pem, leaf.keyPem)).cert);
  sealed.set('own', Buffer.from('nonsense'));
  await assert.rejects(openChain(secrets, 'own'), { code: 'certificate_sealed_unreadable' });
  sealed.set('own', Buffer.from(leaf.pem + middle.keyPem));
  await assert.rejects(openChain(secrets, 'own'), { code: 'certificate_sealed_unreadable' });
});
