import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { der, issue, listOf, type Party, Extension, KeyUsageFlags } from './certificates.fixture.ts';
import { readCertificate, type Certificate } from './certificate.ts';
import { bytesOfList, countOf, isRevoked, readRevocationList } from './revocation-list.ts';

const nowMs = 1_800_000_000_000;

function read({ der: bytes }: Pick<Party, 'der'>): Certificate {
  const certificate = readCertificate(bytes);
  assert.ok(certificate !== undefined);
  return certificate;
}
const root = await issue(nowMs, { name: 'Root', isAuthority: true });
const anna = await issue(nowMs, { name: 'Anna', issuer: root });
const bo = await issue(nowMs, { name: 'Bo', issuer: root, points: ['http://crl.example/1'] });

async function take(list: string): Promise<Exclude<Awaited<ReturnType<typeof readRevocationList>>, { fault: string }>> {
  const taken = await readRevocationList(bytesOfList(list) ?? new Uint8Array(), [read(root)], nowMs);
  assert.ok(!('fault' in taken), JSON.stringify(taken));
  return taken;
}
async function faultOf(list: string, authorities = [read(root)]): Promise<string> {
  const taken = await readRevocationList(bytesOfList(list) ?? new Uint8Array(), authorities, nowMs);
  return 'fault' in taken ? taken.fault : 'taken';
}

test('a list says who was revoked, as PEM and as DER, however many there are', async () => {
  const many = await Promise.all(Array.from({ length: 40 }, (_, at) => issue(nowMs, { name: `P${at}`, issuer: root })));
  const list = await listOf(root, nowMs, { revoked: [anna, ...many.slice(0, 39)] });
  const taken = await take(list);
  assert.equal(countOf(taken), 40);
  assert.equal(isRevoked(read(anna), taken), true);
  for (const [at, one] of many.entries()) assert.equal(isRevoked(read(one), taken), at < 39, `P${at}`);
  const pem = `-----BEGIN X509 CRL-----\n${list.replaceAll(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`;
  assert.equal(isRevoked(read(anna), await take(pem)), true);
  const empty = await take(await listOf(root, nowMs));
  assert.equal(isRevoked(read(anna), empty), false);
});

test('a list that is not of a registered authority, or would be read as less than it says, is refused', async () => {
  const other = await issue(nowMs, { name: 'Root', isAuthority: true });
  const noSigner = await issue(nowMs, { name: 'No', isAuthority: true, usages: KeyUsageFlags.keyCertSign });
  assert.match(await faultOf(await listOf(root, nowMs, { signedBy: other })), /signed by one of the registered/);
  assert.match(await faultOf(await listOf(noSigner, nowMs), [read(noSigner)]), /signed by one of the registered/);
  assert.match(await faultOf(await listOf(root, nowMs, { fromMs: nowMs + 60_000 })), /future/);
  const extension = (oid: string, critical: boolean, content: Uint8Array) => new Extension(oid, critical, content);
  const scope = (...content: Uint8Array[]) => ({ extensions: [extension('2.5.29.28', true, der(0x30, ...content))] });
  const yes = Buffer.from([0xff]);
  assert.match(
    await faultOf(
      await listOf(root, nowMs, { extensions: [extension('2.5.29.27', true, der(0x02, Buffer.from([1])))] }),
    ),
    /whole list/,
  );
  assert.match(
    await faultOf(await listOf(root, nowMs, { extensions: [extension('1.2.3', true, der(0x05))] })),
    /1\.2\.3/,
  );
  for (const tag of [0x82, 0x84, 0x85])
    assert.match(await faultOf(await listOf(root, nowMs, scope(der(tag, yes)))), /people/);
  assert.match(await faultOf(await listOf(root, nowMs, scope(der(0x83, Buffer.from([0, 1]))))), /every reason/);
  assert.equal(await faultOf(await listOf(root, nowMs, scope(der(0x81, yes)))), 'taken');
  const flipped = bytesOfList(await listOf(root, nowMs, { revoked: [anna] })) ?? new Uint8Array();
  const at = Buffer.from(flipped).indexOf(Buffer.from(anna.serial, 'hex'));
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  assert.match(await faultOf(Buffer.from(flipped).toString('base64')), /signed by one of the registered/);
});

test('a list for some addresses speaks of certificates that name one of them, and of no others', async () => {
  const point = der(0xa0, der(0xa0, der(0x86, Buffer.from('http://crl.example/1'))));
  const extensions = [new Extension('2.5.29.28', true, der(0x30, point))];
  const taken = await take(await listOf(root, nowMs, { revoked: [anna], extensions }));
  assert.deepEqual([isRevoked(read(bo), taken), isRevoked(read(anna), taken)], [false, undefined]);
});

test('whatever bytes come, reading certificates and lists says so and ends', async () => {
  const authorities = [read(root)];
  const good = [anna.der, bytesOfList(await listOf(root, nowMs, { revoked: [anna] })) ?? new Uint8Array()];
  const damaged = fc
    .tuple(fc.constantFrom(...good), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat())
    .map(([bytes, changes, end]) => {
      const copy = Uint8Array.from(bytes);
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return end % 3 === 0 ? copy.subarray(0, end % copy.length) : copy;
    });
  const garbage = fc.oneof(
    damaged,
    fc.uint8Array({ maxLength: 300 }),
    // Deep and long heads.
    fc
      .array(fc.constantFrom(0x30, 0x80, 0x84, 0xff, 0xa0, 0x02, 0x01, 0x00), { maxLength: 400 })
      .map((bytes) => Uint8Array.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(garbage, async (bytes) => {
      const certificate = readCertificate(bytes);
      if (certificate !== undefined) assert.equal(certificate.der, bytes);
      const taken = await readRevocationList(bytes, authorities, nowMs);
      if (!('fault' in taken)) assert.ok(countOf(taken) <= 1);
    }),
    { numRuns: 3000 },
  );
});
