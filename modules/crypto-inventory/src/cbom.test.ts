import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import fc from 'fast-check';
import { algorithms, isAlgorithmId } from './algorithms.ts';
import { assetStates, keyRoles } from './asset.ts';
import type { GatheredAsset } from './asset.ts';
import { certificateRow, keyRow, protocolRow, startInventory, startMs } from './assets.fixture.ts';
import { cbomVersions } from './cbom-version.ts';
import { cbomOf } from './cbom.ts';
import { gather } from './gather.ts';
import type { Gathered } from './gather.ts';
import { cryptographicPackages, installedLibraries, runtimeLibraries } from './libraries.ts';
import { createCbomCheck, validateCbom } from './validate-cbom.ts';

const product = { name: 'Sallyport', version: '0.1.0' };
const clock = { nowMs: () => startMs, monotonicMs: () => 0 };
const validators = new Map<string, Validation.JsonStrictValidator>(
  Object.values(Spec.Version).map((version) => [version, new Validation.JsonStrictValidator(version)]),
);
let everything: readonly GatheredAsset[] = [];

before(() => {
  everything = [
    keyRow(),
    keyRow({ id: 'key/vault/2', state: 'compromised', algorithm: 'ed25519', material: 'private-key' }),
    certificateRow('rsa2048'),
    protocolRow('1.3'),
    ...runtimeLibraries({ node: '24.0.0', openssl: '3.5.0' }),
    {
      kind: 'store',
      id: 'store/x',
      name: 'Table x',
      owner: 'x',
      usedFor: 'x',
      where: 'control database',
      known: { kind: 'declared', by: 'us' },
      encryption: 'partly',
      clear: ['names'],
    },
  ];
});

const gathered = (assets: readonly GatheredAsset[]): Promise<Gathered> =>
  gather({
    sources: [{ name: 'all', gather: async () => assets }],
    clock,
    deadline: () => new AbortController().signal,
  });

test('the document fits the schema of both versions, whatever the rows are', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 });
  const ids = Object.keys(algorithms).filter((id) => isAlgorithmId(id));
  const row = fc.record({
    id: text.map((id) => `key/${id}`),
    name: text,
    where: text,
    algorithm: fc.constantFrom(...ids),
    state: fc.constantFrom(...assetStates),
    role: fc.constantFrom(...keyRoles),
    createdAtMs: fc.integer({ min: 0, max: 4e12 }),
    sizeBits: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 4 }), async (rows) => {
      const found = await gathered([...everything, ...rows.map((one) => keyRow(one))]);
      for (const version of cbomVersions) {
        const document = JSON.stringify(cbomOf(found, { version, product }));
        assert.equal(await validators.get(version)?.validate(document), null);
      }
    }),
    { numRuns: 30 },
  );
});

test('the same gathering gives the same bytes, another one another serial number', async () => {
  const text = async (assets: readonly GatheredAsset[]): Promise<string> =>
    JSON.stringify(cbomOf(await gathered(assets), { version: '1.6', product }));
  const serial = (document: string): string | undefined => /urn:uuid:[0-9a-f-]{36}/.exec(document)?.[0];
  assert.equal(await text(everything), await text(everything.toReversed()));
  assert.notEqual(serial(await text(everything)), serial(await text(everything.slice(1))));
});

test('every reference of the document leads to a part of it', async () => {
  const document = JSON.stringify(cbomOf(await gathered(everything), { version: '1.7', product }));
  const refs = new Set([...document.matchAll(/"bom-ref":"([^"]+)"/g)].map(([, ref]) => ref));
  const used = [...document.matchAll(/"(?:algorithmRef|signatureAlgorithmRef|ref)":"([^"]+)"/g)].map(([, ref]) => ref);
  assert.ok(used.length > 10);
  for (const ref of used) assert.ok(refs.has(ref), ref);
  // What a library could do and nobody uses is not said of it.
  assert.ok(!document.includes('algorithm/ml-kem-768'));
});

test('a document that does not fit is refused with the place, and never handed out', async (context) => {
  const { inventory, show } = await startInventory(context);
  show(everything);
  const text = await inventory.cbom('1.6');
  assert.match(text, /"specVersion":"1.6"/);
  await assert.rejects(validateCbom(text.replace('"assetType":"algorithm"', '"assetType":"magic"'), '1.6'), {
    code: 'cbom_invalid',
    message: /CycloneDX 1\.6: \/components\/\d+\/cryptoProperties/,
  });
  await assert.rejects(validateCbom(text, '1.7'), { code: 'cbom_invalid' });
});

test('a document is checked once, one that differs in a letter or in its version by itself, and what did not fit each time', async () => {
  const asked: string[] = [];
  const check = createCbomCheck(async (text, version) => {
    asked.push(`${version} ${text}`);
    if (text === 'bad') throw new TypeError('does not fit');
  });
  await Promise.all([check('a', '1.6'), check('a', '1.6')]);
  await check('a', '1.6');
  await check('a', '1.7');
  await check('b', '1.6');
  await assert.rejects(check('bad', '1.6'), TypeError);
  await assert.rejects(check('bad', '1.6'), TypeError);
  assert.deepEqual(asked, ['1.6 a', '1.7 a', '1.6 b', '1.6 bad', '1.6 bad']);
  for (const text of ['c', 'd', 'e', 'f']) await check(text, '1.6');
  await check('a', '1.6');
  assert.equal(asked.at(-1), '1.6 a', 'no more than some are kept');
});

test('a source that was silent makes the document say that it is incomplete', async () => {
  const found = await gathered([]);
  const with1 = (unasked: Gathered['unasked']): string =>
    JSON.stringify(cbomOf({ ...found, unasked }, { version: '1.6', product }));
  assert.match(with1([]), /"aggregate":"unknown"/);
  assert.match(
    with1([{ source: 'ledger', reason: 'away' }]),
    /"sallyport:not-asked","value":"ledger: away".*"aggregate":"incomplete"/,
  );
});

test('installed packages of cryptography are found with their version, and none of the lock file is forgotten', async () => {
  const root = new URL('../../../', import.meta.url);
  const lockText = readFileSync(new URL('package-lock.json', root), 'utf8');
  const readPackage = async (folder: string): Promise<string | undefined> =>
    JSON.stringify({ version: '1.2.3', license: 'MIT', folder });
  const found = await installedLibraries({ lockText, readPackage });
  for (const name of Object.keys(cryptographicPackages))
    assert.ok(
      found.some((one) => one.name === name && one.version === '1.2.3'),
      `${name} is in the lock file`,
    );
  assert.ok(found.some(({ purl }) => purl === 'pkg:npm/%40noble/hashes@1.2.3'));
  // By their names: what sounds like cryptography and is not in the list was not looked at.
  const sounding = [
    ...lockText.matchAll(
      /node_modules\/((?:@(?:noble|peculiar|fidm|simplewebauthn|stablelib)\/[\w-]+)|[\w-]*(?:crypt|pki|x509|webauthn|otp|nacl|jose|sodium|argon)[\w-]*)"/g,
    ),
  ].map(([, name]) => name ?? '');
  const formats = /^@peculiar\/(?:asn1-|utils|json-schema)/;
  assert.deepEqual(
    [...new Set(sounding)].filter((name) => !Object.hasOwn(cryptographicPackages, name) && !formats.test(name)),
    [],
  );
});
