import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPath, type PathDemands } from './certificate-path.ts';
import {
  clientAuth,
  der,
  issue,
  serverAuth,
  smartCardLogon,
  type Party,
  type Wanted,
  Extension,
  KeyUsageFlags,
} from './certificates.fixture.ts';
import { readCertificate, readPem, type Certificate } from './certificate.ts';

const nowMs = 1_800_000_000_000;
const hour = 3_600_000;
const demands: PathDemands = { purposes: [clientAuth, smartCardLogon], policies: [] };

function read({ der: bytes }: Pick<Party, 'der'>): Certificate {
  const certificate = readCertificate(bytes);
  assert.ok(certificate !== undefined);
  return certificate;
}
function verdict(leaf: Party, registered: readonly Party[], asked: PathDemands = demands, atMs = nowMs): string {
  const found = findPath(read(leaf), registered.map(read), asked, atMs);
  return 'path' in found ? `good ${found.path.length}` : found.refusal;
}
const root = await issue(nowMs, { name: 'Root', isAuthority: true });
const between = await issue(nowMs, { name: 'Between', issuer: root, isAuthority: true, pathLength: 0 });
const leafOf = (wanted: Partial<Wanted> = {}): Promise<Party> =>
  issue(nowMs, { name: 'Anna', issuer: between, ...wanted });

test('findPath() follows registered authorities to the one that no other of them issued, and no others', async () => {
  const leaf = await leafOf();
  assert.equal(verdict(leaf, [root, between]), 'good 3');
  assert.equal(verdict(leaf, [between, root]), 'good 3');
  // Registered alone, the one between is trusted for its own sake.
  assert.equal(verdict(leaf, [between]), 'good 2');
  assert.equal(verdict(leaf, [root]), 'authority-unknown');
  assert.equal(verdict(leaf, []), 'authority-unknown');
});

test('findPath() refuses whatever an attacker or a careless authority might send', async () => {
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 1024,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const rsaRoot = await issue(nowMs, { name: 'Rsa', isAuthority: true, keyAlgorithm: { ...rsa, modulusLength: 2048 } });
  const sha1 = { ...rsa, modulusLength: 2048, hash: 'SHA-1' };
  const old = await issue(nowMs, { name: 'Old', isAuthority: true, keyAlgorithm: sha1 });
  const impostor = await issue(nowMs, { name: 'Between', isAuthority: true });
  const critical = (oid: string): Extension => new Extension(oid, true, der(0x05));
  const cases: readonly [string, Party, readonly Party[], string][] = [
    ['issued by itself', await issue(nowMs, { name: 'Anna' }), [root, between], 'authority-unknown'],
    ['issued by another of the same name', await leafOf({ issuer: impostor }), [root, between], 'authority-unknown'],
    ['expired', await leafOf({ toMs: nowMs - hour }), [root, between], 'expired'],
    ['not yet valid', await leafOf({ fromMs: nowMs + hour }), [root, between], 'not-yet-valid'],
    ['an authority as a person', between, [root, between], 'is-an-authority'],
    ['may sign certificates', await leafOf({ usages: KeyUsageFlags.keyCertSign }), [root, between], 'is-an-authority'],
    ['for encryption', await leafOf({ usages: KeyUsageFlags.keyEncipherment }), [root, between], 'wrong-usage'],
    ['for servers', await leafOf({ purposes: [serverAuth] }), [root, between], 'wrong-purpose'],
    ['for any purpose', await leafOf({ purposes: ['2.5.29.37.0'] }), [root, between], 'wrong-purpose'],
    ['without purpose', await leafOf({ purposes: [] }), [root, between], 'wrong-purpose'],
    ['a demand nobody knows', await leafOf({ extensions: [critical('1.2.3.4')] }), [root, between], 'unknown-demand'],
    ['a short key', await leafOf({ keyAlgorithm: rsa }), [root, between], 'weak'],
    ['SHA-1', await leafOf({ issuer: old }), [old, root, between], 'weak'],
  ];
  for (const [what, leaf, registered, expected] of cases) assert.equal(verdict(leaf, registered), expected, what);
  assert.equal(verdict(await leafOf({ issuer: rsaRoot }), [rsaRoot]), 'good 2');
  assert.equal(verdict(await leafOf({ purposes: [smartCardLogon] }), [root, between]), 'good 3');
});

test('findPath() holds authorities to what they may do', async () => {
  const person = await leafOf();
  const leafBelowPerson = await issue(nowMs, { name: 'Eve', issuer: person });
  assert.equal(verdict(leafBelowPerson, [root, between, person]), 'authority-not-allowed');
  const noSigner = await issue(nowMs, {
    name: 'No signer',
    issuer: root,
    isAuthority: true,
    usages: KeyUsageFlags.cRLSign,
  });
  assert.equal(verdict(await leafOf({ issuer: noSigner }), [root, noSigner]), 'authority-not-allowed');
  const below = await issue(nowMs, { name: 'Below', issuer: between, isAuthority: true });
  assert.equal(verdict(await leafOf({ issuer: below }), [root, between, below]), 'path-too-long');
  const ended = await issue(nowMs, { name: 'Ended', issuer: root, isAuthority: true, toMs: nowMs - hour });
  assert.equal(verdict(await leafOf({ issuer: ended }), [root, ended]), 'authority-expired');
  const forServers = await issue(nowMs, {
    name: 'For servers',
    issuer: root,
    isAuthority: true,
    purposes: [serverAuth],
  });
  assert.equal(verdict(await leafOf({ issuer: forServers }), [root, forServers]), 'wrong-purpose');
  const strange = await issue(nowMs, {
    name: 'Strange',
    issuer: root,
    isAuthority: true,
    extensions: [new Extension('1.2.3.4', true, der(0x05))],
  });
  assert.equal(verdict(await leafOf({ issuer: strange }), [root, strange]), 'authority-not-allowed');
});

test('findPath() asks for a policy along the whole way', async () => {
  const [wanted, other, any] = ['1.3.6.1.4.1.99999.1', '1.3.6.1.4.1.99999.2', '2.5.29.32.0'];
  const asked = { ...demands, policies: [wanted] };
  const issuing = async (policies: readonly string[], extensions: readonly Extension[] = []): Promise<Party> =>
    issue(nowMs, {
      name: `I ${policies.join(' ')} ${extensions.length}`,
      issuer: root,
      isAuthority: true,
      policies,
      extensions,
    });
  const [has, hasOther, hasAny] = [await issuing([wanted]), await issuing([other]), await issuing([any])];
  const noAny = await issuing([any], [new Extension('2.5.29.54', true, der(0x02, Buffer.from([0])))]);
  const leaf = (issuer: Party, policies: readonly string[]): Promise<Party> => leafOf({ issuer, policies });
  assert.equal(verdict(await leaf(has, [wanted]), [root, has], asked), 'good 3');
  assert.equal(verdict(await leaf(has, [other]), [root, has], asked), 'wrong-policy');
  assert.equal(verdict(await leaf(has, []), [root, has], asked), 'wrong-policy');
  assert.equal(verdict(await leaf(has, [any]), [root, has], asked), 'wrong-policy');
  assert.equal(verdict(await leaf(hasOther, [wanted]), [root, hasOther], asked), 'wrong-policy');
  assert.equal(verdict(await leaf(hasAny, [wanted]), [root, hasAny], asked), 'good 3');
  assert.equal(verdict(await leaf(noAny, [wanted]), [root, noAny], asked), 'wrong-policy');
  const strict = await issuing([], [new Extension('2.5.29.36', true, der(0x30, der(0x80, Buffer.from([0]))))]);
  assert.equal(verdict(await leaf(strict, [wanted]), [root, strict]), 'wrong-policy');
});

test('findPath() holds names to the constraints of authorities, user principal names like addresses', async () => {
  const constraints = (permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []): Extension => {
    const list = (tag: number, bases: readonly Uint8Array[]): Buffer[] =>
      bases.length === 0 ? [] : [der(tag, ...bases.map((base) => der(0x30, base)))];
    return new Extension('2.5.29.30', true, der(0x30, ...list(0xa0, permitted), ...list(0xa1, excluded)));
  };
  const email = (text: string): Buffer => der(0x81, Buffer.from(text));
  const directory = (text: string): Buffer =>
    der(0xa4, der(0x30, der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(text))))));
  const limited = async (extension: Extension): Promise<Party> =>
    issue(nowMs, { name: 'Limited', issuer: root, isAuthority: true, extensions: [extension] });
  const within = await limited(constraints([email('corp.example'), email('.sub.example')]));
  const without = await limited(constraints([], [email('corp.example'), directory('  EVE ')]));
  const cases: readonly [Party, Partial<Wanted>, string][] = [
    [within, { emails: ['anna@corp.example'] }, 'good 3'],
    [within, { emails: ['anna@CORP.example'] }, 'good 3'],
    [within, { emails: ['anna@x.sub.example'] }, 'good 3'],
    [within, { emails: ['anna@evil.example'] }, 'name-not-permitted'],
    [within, { emails: ['anna@x.corp.example'] }, 'name-not-permitted'],
    [within, { upns: ['anna@corp.example'] }, 'good 3'],
    [within, { upns: ['anna@evil.example'] }, 'name-not-permitted'],
    [within, { emails: ['anna@corp.example'], upns: ['anna@evil.example'] }, 'name-not-permitted'],
    [without, { upns: ['anna@corp.example'] }, 'name-not-permitted'],
    [without, { emails: ['anna@else.example'] }, 'good 3'],
    [without, { name: 'eve' }, 'name-not-permitted'],
  ];
  for (const [issuer, wanted, expected] of cases)
    assert.equal(verdict(await leafOf({ issuer, ...wanted }), [root, issuer]), expected, JSON.stringify(wanted));
  // A form that is limited and cannot be compared is none.
  const otherForm = await limited(constraints([der(0xa0, Buffer.from('0603550403', 'hex'), der(0xa0, der(0x0c)))]));
  assert.equal(verdict(await leafOf({ issuer: otherForm, upns: ['a@b'] }), [root, otherForm]), 'name-not-permitted');
});

test('readCertificate() tells what names are written as nobody writes them', async () => {
  const namesOf = async (wanted: Partial<Wanted>) => read(await leafOf(wanted)).names;
  const good = await namesOf({ upns: ['änna@corp.example'], emails: ['anna@corp.example'] });
  assert.deepEqual([good.upns, good.emails, good.hasFaults], [['änna@corp.example'], ['anna@corp.example'], false]);
  for (const bad of [
    'anna\u0000@corp.example',
    'anna@corp.example\u0000.evil',
    'a\u0308nna@x',
    'anna @x',
    'anna\u200b@x',
    '',
  ])
    assert.deepEqual(await namesOf({ upns: [bad] }).then(({ upns, hasFaults }) => [upns, hasFaults]), [[], true], bad);
  for (const bad of ['anna\u0000@corp.example', 'ännä@corp.example', 'anna b@x'])
    assert.deepEqual(await namesOf({ emails: [bad] }).then(({ emails, hasFaults }) => [emails, hasFaults]), [[], true]);
  const broken = await namesOf({ upns: [Uint8Array.from([0xff, 0xfe])] });
  assert.deepEqual([broken.upns, broken.hasFaults], [[], true]);
});

test('readPem() takes certificates and nothing else', () => {
  assert.equal(readPem(root.pem + between.pem, 5)?.length, 2);
  assert.equal(readPem(root.pem + between.pem, 1), undefined);
  assert.equal(readPem(root.pem + root.keyPem, 5), undefined);
  for (const text of ['', 'hello', root.pem.replace('MII', 'MIJ')]) assert.equal(readPem(text, 5), undefined);
});
