import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '@sallyport/contracts';
import fc from 'fast-check';
import { certificateFormat } from './certificate-format.ts';
import { statementHash } from './certificate.ts';
import { elsewhere, fillDays, openHouse, twoPeople } from './destruction-testing.ts';
import { verifyCertificate } from './verify-certificate.ts';
import type { CheckedEvidence } from './verify-certificate.ts';

/** Evidence that holds: what is checked here is what the certificate makes of it. */
const believe = (evidence: string): CheckedEvidence => ({
  ok: true,
  event: parseJson(evidence),
  receivedAtMs: 5,
  witnesses: [{ name: 'w1', cosignedAtMs: 5 }],
});

async function certified(): Promise<{ statement: Record<string, unknown>; evidence: string[] }> {
  const house = await openHouse({ waitMs: 0 });
  const [first = '', second = ''] = fillDays(house.vault, 4);
  const { ada, grace } = await twoPeople(house.desk);
  await house.desk.placeHold({ name: 'case', reason: 'court', keyIds: [second], selector: undefined }, 'ada');
  const { id, digest } = await house.desk.propose({ kind: 'request', keyIds: [first, second], reason: 'why' }, 'ada');
  await house.desk.sign(id, ada.sign(digest));
  await house.desk.sign(id, grace.sign(digest));
  await elsewhere().stepWith(house.desk);
  const { statement, entries } = house.desk.certificate(id);
  const evidence = entries.map(({ index }) => house.records.entries[index]?.body.toString('utf8') ?? '');
  return { statement, evidence };
}
const written = (statement: unknown, evidence: unknown): string =>
  JSON.stringify({ format: certificateFormat, statement, evidence });

test('a certificate verifies from its bytes alone, written again in any layout', async () => {
  const { statement, evidence } = await certified();
  const verified = verifyCertificate(JSON.stringify(parseJson(written(statement, evidence)), null, 4), believe);
  assert.ok(verified.ok, JSON.stringify(verified));
  assert.deepEqual(verified.people, ['Ada', 'Grace']);
  assert.deepEqual([verified.keys.length, verified.kept, verified.outcome], [1, 1, 'destroyed']);
  assert.ok(verified.notPromised.some((text) => text.includes('whoever kept a copy')));
});

test('no word of a certificate can be changed, and no entry of the ledger be missing that it needs', async () => {
  const { statement, evidence } = await certified();
  for (const name of Object.keys(statement)) {
    const changed = { ...statement, [name]: 'something else' };
    const verified = verifyCertificate(written(changed, evidence), believe);
    assert.equal(verified.ok, false, `"${name}" was changed`);
  }
  assert.equal(verifyCertificate(written(statement, evidence.slice(0, -1)), believe).ok, false);
  assert.equal(verifyCertificate(written(statement, []), believe).ok, false);
  const refusing = verifyCertificate(written(statement, evidence), () => ({ ok: false, reason: 'of another log' }));
  assert.deepEqual(refusing, { ok: false, check: 'evidence', reason: 'Evidence 1 of 7: of another log' });
});

test('the log’s key makes nobody’s passkey sign: two have to have signed exactly this list, and are shown for comparison', async () => {
  const { statement, evidence } = await certified();
  // They may write and prove any entry they like.
  const forge = (change: Record<string, unknown>): string => {
    const forged = { ...statement, ...change };
    const text = JSON.stringify(forged);
    const sha256 = statementHash(Object(parseJson(text)));
    const last = (evidence.at(-1) ?? '').replace(
      /"certificate_sha256":"[0-9a-f]{64}"/,
      `"certificate_sha256":"${sha256}"`,
    );
    return written(forged, [...evidence.slice(0, -1), last]);
  };
  const signatures: readonly unknown[] = Array.isArray(statement['signatures']) ? statement['signatures'] : [];
  const own = verifyCertificate(forge({}), believe);
  assert.ok(own.ok, 'the forgery itself is well made');
  assert.match(own.passkeys.join(' '), /^Ada SHA256:\S{43} Grace SHA256:\S{43}$/u);
  for (const change of [
    { signatures: [] },
    { signatures: [signatures[0]] },
    { signatures: [signatures[0], signatures[0]] },
    { reason: 'another' },
    { keys: [] },
    { round: 1 },
    { kept: [] },
  ])
    assert.equal(verifyCertificate(forge(change), believe).ok, false, JSON.stringify(change));
});

test('arbitrary text is refused and never worse', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      assert.equal(verifyCertificate(text, believe).ok, false);
    }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.json()), (statement, evidence) => {
      assert.equal(verifyCertificate(written(statement, evidence), believe).ok, false);
    }),
  );
});
