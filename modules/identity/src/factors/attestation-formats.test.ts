import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createAuthority, revocationList } from './fido.fixture.ts';
import type { FidoMetadata } from './fido-metadata.ts';
import { defaultPolicy } from './passkey-policy.ts';
import type { PasskeyPolicy } from './passkey-policy.ts';
import { verifyCreation } from './passkeys.ts';
import { createSoftwareAuthenticator, type MakeStatement } from './software-authenticator.fixture.ts';
import { androidKeyStatement, appleStatement, fidoU2fStatement, tpmStatement } from './statements.fixture.ts';

const aaguid = '11111111-2222-3333-4444-555555555555';
const site = { origin: 'https://gate.example.org', hostName: 'gate.example.org' };
const maker = await createAuthority('Maker');
const stranger = await createAuthority('Maker');
const metadata: FidoMetadata = {
  no: 1,
  nextUpdate: '2049-01-01',
  root: '',
  models: [
    { aaguid, name: 'Key 5', certification: 'L2', roots: [Buffer.from(maker.certificate.rawData).toString('base64')] },
  ],
};
const direct: PasskeyPolicy = { ...defaultPolicy, attestation: 'direct' };

/** A new passkey with this statement, as enrolment looks at it. */
async function enrol(make: MakeStatement, policy: PasskeyPolicy = direct, userVerified = true) {
  const challenge = randomBytes(32).toString('base64url');
  const response = await createSoftwareAuthenticator().attest(
    { challenge },
    { ...site, aaguid: aaguid.replaceAll('-', ''), userVerified },
    make,
  );
  return verifyCreation({
    site,
    response,
    isOurs: (one) => one === challenge,
    rules: { policy, metadata },
    roles: ['guard'],
    nowMs: Date.now(),
  });
}

const refused = { code: 'passkey_refused' };

for (const [format, good, bad] of [
  ['tpm', (by = maker) => tpmStatement(by, aaguid), tpmStatement(maker, aaguid, { extraData: randomBytes(32) })],
  ['android-key', (by = maker) => androidKeyStatement(by), androidKeyStatement(maker, { challenge: randomBytes(32) })],
  ['apple', (by = maker) => appleStatement(by), appleStatement(maker, { nonce: randomBytes(32) })],
] as const) {
  test(`${format}: a passkey whose statement leads to its maker is attested; by another maker, or about something else, it is refused`, async () => {
    const made = await enrol(good());
    assert.deepEqual(
      [made.attestation, made.isAttested, made.aaguid, made.isBackupEligible],
      [format, true, aaguid, false],
    );
    await assert.rejects(enrol(good(stranger)), refused, 'of the same name, with another key');
    await assert.rejects(enrol(bad), refused, 'about something else');
    await assert.rejects(enrol(good(), direct, false), refused, 'nobody was verified');
    await assert.rejects(enrol(good(), defaultPolicy), refused, 'it was not asked for');
    await assert.rejects(
      enrol(async (attested) => [format === 'tpm' ? 'apple' : 'tpm', (await good()(attested))[1]]),
      refused,
    );
  });
}

test('tpm: a statement for another model, or with a TPM nobody made, is refused', async () => {
  await assert.rejects(enrol(tpmStatement(maker, aaguid.replaceAll('1', '9'))), refused);
});

test('android-key: certificates that name where to ask for revocations are refused unread', async () => {
  const extensions = [revocationList('http://127.0.0.1:1/list')];
  await assert.rejects(enrol(androidKeyStatement(maker, { extensions })), refused);
});

test('fido-u2f and none: keys that cannot verify who holds them are refused where makes must prove themselves; none is good where they need not', async () => {
  await assert.rejects(enrol(fidoU2fStatement(maker)), refused);
  await assert.rejects(enrol(fidoU2fStatement(maker), defaultPolicy), refused);
  const none: MakeStatement = async () => ['none', Buffer.from([0xa0])];
  await assert.rejects(enrol(none), refused);
  const made = await enrol(none, defaultPolicy);
  assert.deepEqual([made.attestation, made.isAttested], ['none', false]);
});
