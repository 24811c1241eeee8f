import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { readFidoMetadata } from './fido-metadata.ts';
import { certify, createAuthority, pemOf, signJson, signMetadata } from './fido.fixture.ts';

const nowMs = 1_800_000_000_000;
const aaguid = '11111111-2222-3333-4444-555555555555';
const root = await createAuthority('FIDO of ours');
const signer = await certify(root, 'CN=mds.example');
const options = { nowMs, root: pemOf(root) };
const refused = { code: 'fido_metadata_invalid' };
const entries = [{ aaguid: aaguid.toUpperCase(), statuses: ['FIDO_CERTIFIED', 'FIDO_CERTIFIED_L2'], root }];

test('readFidoMetadata() keeps what is used of a file that is signed under the root given', async () => {
  const metadata = await readFidoMetadata(`${await signMetadata(signer, { no: 7, entries })}\n`, options);
  const { models, ...rest } = metadata;
  const fingerprint = new X509Certificate(pemOf(root)).fingerprint256;
  assert.deepEqual(rest, { no: 7, nextUpdate: '2027-06-01', root: fingerprint });
  const { roots, ...model } = models[0] ?? { roots: [] };
  assert.equal(roots.length, 1);
  assert.deepEqual(model, { aaguid, name: 'Key of 11111111', certification: 'L2' });
});

test('a status that says compromised stays, whatever is reported later', async () => {
  const statuses = ['FIDO_CERTIFIED_L1', 'USER_VERIFICATION_BYPASS', 'UPDATE_AVAILABLE'];
  const blob = await signMetadata(signer, { no: 1, entries: [{ aaguid, statuses }] });
  assert.equal((await readFidoMetadata(blob, options)).models[0]?.compromised, 'USER_VERIFICATION_BYPASS');
});

test('the pinned roots are there: without a root given they alone count', async () => {
  const pins = rootCertificates.map((pem) => new X509Certificate(pem)).filter(({ subject }) => /R3|R46/.test(subject));
  assert.ok(pins.length >= 2);
  const blob = await signMetadata(signer, { no: 1, entries });
  await assert.rejects(readFidoMetadata(blob, { nowMs }), refused);
});

test('another chain, another signature, no signature and another time are refused', async () => {
  const foreign = await createAuthority('FIDO of ours');
  const good = await signMetadata(signer, { no: 1, entries });
  const [header = '', payload = '', signature = ''] = good.split('.');
  const none = Buffer.from(JSON.stringify({ ...decoded(header), alg: 'none' })).toString('base64url');
  const symmetric = Buffer.from(JSON.stringify({ ...decoded(header), alg: 'HS256' })).toString('base64url');
  const changed = Buffer.from(JSON.stringify({ ...decoded(payload), no: 99 })).toString('base64url');
  const planted = await signMetadata({ ...foreign, certificate: signer.certificate }, { no: 1, entries });
  // Certified under the right root, but by somebody who was never given the right to certify.
  const byLeaf = await certify(signer, 'CN=mds.example');
  for (const blob of [
    await signMetadata(await certify(foreign, 'CN=mds.example'), { no: 1, entries }),
    await signMetadata(foreign, { no: 1, entries }),
    await signJson(byLeaf, decoded(payload), [signer]),
    planted,
    `${none}.${payload}.`,
    `${none}.${payload}.${signature}`,
    `${symmetric}.${payload}.${signature}`,
    `${header}.${changed}.${signature}`,
    `${header}.${payload}.AAAA`,
    `${header}.${payload}`,
  ])
    await assert.rejects(readFidoMetadata(blob, options), refused);
  await assert.rejects(readFidoMetadata(good, { ...options, nowMs: Date.UTC(2060, 0) }), refused);
  await assert.rejects(readFidoMetadata(good, { ...options, root: 'no certificate' }), refused);
});

test('whatever is signed and is no metadata is refused, never an error of ours', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (payload) => {
      await assert.rejects(readFidoMetadata(await signJson(signer, payload), options), refused);
    }),
    { numRuns: 50 },
  );
});

test('garbage is refused, never an error of ours', async () => {
  const good = await signMetadata(signer, { no: 1, entries });
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 200 }), fc.nat(good.length - 2), async (junk, at) => {
      await assert.rejects(readFidoMetadata(junk, options), refused);
      const cut = good.slice(0, at);
      await assert.rejects(readFidoMetadata(cut, options), refused);
    }),
    { numRuns: 200 },
  );
});

function decoded(part: string): object {
  const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
  return typeof value === 'object' && value !== null ? value : {};
}
